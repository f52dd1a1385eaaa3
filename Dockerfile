# OnRecord's service with its models. It listens on all addresses, so it wants a token:
#   docker run -p 127.0.0.1:8000:8000 -v onrecord:/data -e ONRECORD_TOKEN onrecord
FROM python:3.11-slim

# llama.cpp's OpenMP.
RUN apt-get update && apt-get install -y --no-install-recommends libgomp1 && rm -rf /var/lib/apt/lists/*

WORKDIR /src
COPY pyproject.toml README.md LICENSE ./
COPY rag rag
COPY ui ui
COPY prompts prompts
COPY corpus corpus
# Others for other uses: deploy/compose.yaml adds the page, PostgreSQL and traces.
ARG EXTRAS=local,documents,mcp,sources
RUN pip install --no-cache-dir ".[${EXTRAS}]" --extra-index-url https://download.pytorch.org/whl/cpu

RUN useradd --create-home onrecord && mkdir /data && chown onrecord /data
USER onrecord
WORKDIR /data
ENV ONRECORD_ARCHIVE=/data/archive \
    ONRECORD_CACHE=/data/cache \
    ONRECORD_HOST=0.0.0.0 \
    PYTHONUNBUFFERED=1
VOLUME /data
EXPOSE 8000
HEALTHCHECK --start-period=60s CMD ["python", "-c", "import urllib.request; urllib.request.urlopen('http://127.0.0.1:8000/healthz', timeout=5)"]
STOPSIGNAL SIGTERM
ENTRYPOINT ["onrecord"]
CMD ["serve"]
