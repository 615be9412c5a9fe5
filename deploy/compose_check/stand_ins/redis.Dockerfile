# Stands in for redis:*-alpine: Debian's Redis, under the user of the official image.
FROM onestory-check/debian
RUN apt-get update \
    && apt-get install --yes --no-install-recommends redis-server \
    && rm -rf /var/lib/apt/lists/* \
    && install -d -o 999 -g 1000 /data
VOLUME /data
WORKDIR /data
CMD ["redis-server"]
