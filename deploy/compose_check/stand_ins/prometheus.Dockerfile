# Stands in for prom/prometheus: Debian's Prometheus, under the user of the official image.
FROM onestory-check/debian
RUN apt-get update \
    && apt-get install --yes --no-install-recommends busybox prometheus \
    && rm -rf /var/lib/apt/lists/* \
    && install -d -o 65534 -g 65534 /prometheus \
    && ln -s /bin/busybox /usr/local/bin/wget
VOLUME /prometheus
WORKDIR /prometheus
ENTRYPOINT ["/usr/bin/prometheus"]
