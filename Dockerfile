# Python is pinned by minor, as the constraints are made for it.
FROM python:3.13-slim AS build
WORKDIR /src
COPY pyproject.toml constraints.txt README.md LICENSE ./
COPY crawler crawler
COPY dedupe dedupe
COPY newsroom newsroom
COPY pipelines pipelines
COPY store store
RUN python -m venv /opt/onestory && /opt/onestory/bin/pip install --no-cache-dir -c constraints.txt .

FROM python:3.13-slim
RUN useradd --system --uid 10001 --create-home --home-dir /home/onestory onestory \
    && mkdir /data && chown onestory /data
COPY --from=build /opt/onestory /opt/onestory
ENV PATH=/opt/onestory/bin:$PATH PYTHONUNBUFFERED=1 PYTHONDONTWRITEBYTECODE=1 ONESTORY_HOME=/data
USER onestory
VOLUME /data
EXPOSE 8000
ENTRYPOINT []
CMD ["onestory", "serve", "--host", "0.0.0.0"]
