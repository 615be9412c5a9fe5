# Python is pinned by minor version, because the constraints are made for it.
FROM python:3.13-slim AS build
WORKDIR /src
# Dependencies first: an edit of the sources then rebuilds in seconds.
COPY constraints.txt requirements.lock ./
RUN python -m venv /opt/onestory \
    && /opt/onestory/bin/pip install --no-cache-dir --require-hashes -r requirements.lock \
    && /opt/onestory/bin/pip install --no-cache-dir -c constraints.txt hatchling
COPY pyproject.toml README.md LICENSE ./
COPY onestory onestory
COPY crawler crawler
COPY dedupe dedupe
COPY newsroom newsroom
COPY pipelines pipelines
COPY store store
RUN /opt/onestory/bin/pip install --no-cache-dir --no-build-isolation --no-deps . \
    && /opt/onestory/bin/pip uninstall --yes hatchling pathspec pluggy trove-classifiers

FROM python:3.13-slim
LABEL org.opencontainers.image.title="Onestory" \
      org.opencontainers.image.description="Gathers news coverage, finds the copies of each article, and keeps one record for each story" \
      org.opencontainers.image.licenses="Apache-2.0"
RUN useradd --system --uid 10001 --create-home --home-dir /home/onestory onestory \
    && mkdir --mode=700 /data && chown onestory /data
COPY --from=build /opt/onestory /opt/onestory
ENV PATH=/opt/onestory/bin:$PATH PYTHONUNBUFFERED=1 PYTHONDONTWRITEBYTECODE=1 ONESTORY_HOME=/data
USER onestory
VOLUME /data
EXPOSE 8000
ENTRYPOINT []
CMD ["onestory", "serve", "--host", "0.0.0.0"]
