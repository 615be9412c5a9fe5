# Stands in for python:*-slim-trixie: Debian's Python where the official image has its own, with a pip that can be removed.
FROM onestory-check/debian
RUN apt-get update \
    && apt-get install --yes --no-install-recommends ca-certificates python3.13-venv \
    && rm -rf /var/lib/apt/lists/* /usr/lib/python3*/EXTERNALLY-MANAGED \
    && ln -s /usr/bin/python3.13 /usr/local/bin/python
# The certificates of this machine, and how it reaches its packages.
COPY ca-certificates.crt /etc/ssl/certs/
COPY pip.conf /etc/
RUN python -m venv /venv \
    && /venv/bin/pip --python /usr/bin/python3.13 install --no-cache-dir pip \
    && rm -r /venv
CMD ["python"]
