# Stands in for caddy:*-alpine: Debian's Caddy, with the capability that the official image gives its file.
FROM onestory-check/debian
RUN apt-get update \
    && apt-get install --yes --no-install-recommends busybox caddy libcap2-bin \
    && rm -rf /var/lib/apt/lists/* \
    && setcap cap_net_bind_service=+ep /usr/bin/caddy \
    && ln -s /bin/busybox /usr/local/bin/wget
ENV XDG_CONFIG_HOME=/config XDG_DATA_HOME=/data
CMD ["caddy", "run", "--config", "/etc/caddy/Caddyfile", "--adapter", "caddyfile"]
