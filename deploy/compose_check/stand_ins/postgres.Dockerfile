# Stands in for postgres:17-alpine: Debian's PostgreSQL, with the user and the first start of the official image.
FROM onestory-check/debian
RUN groupadd --gid 70 postgres \
    && useradd --uid 70 --gid 70 --no-create-home --home-dir /var/lib/postgresql postgres \
    && install -D /dev/null /etc/postgresql-common/createcluster.conf \
    && echo create_main_cluster=false > /etc/postgresql-common/createcluster.conf \
    && apt-get update \
    && apt-get install --yes --no-install-recommends postgresql-17 \
    && rm -rf /var/lib/apt/lists/* \
    && install -d -m 700 -o 70 -g 70 /var/lib/postgresql/data
COPY --chmod=755 postgres-entrypoint /usr/local/bin/docker-entrypoint.sh
ENV PATH=/usr/lib/postgresql/17/bin:$PATH PGDATA=/var/lib/postgresql/data LANG=C.UTF-8
VOLUME /var/lib/postgresql/data
STOPSIGNAL SIGINT
EXPOSE 5432
ENTRYPOINT ["docker-entrypoint.sh"]
CMD ["postgres", "-c", "listen_addresses=*"]
