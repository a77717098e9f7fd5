# Komek in a container: slim, without build tools, not as root.
#
#   docker build -t komek .
#   docker run -p 127.0.0.1:8000:8000 -v komek-data:/data --read-only --cap-drop ALL \
#       --security-opt no-new-privileges --env-file .env komek
#
# docs/running.md says what belongs into .env and how to bring your own words.

FROM python:3.11.14-slim-bookworm AS build
COPY requirements/run.txt /tmp/run.txt
RUN python -m venv /opt/komek \
    && /opt/komek/bin/pip install --no-cache-dir --require-hashes -r /tmp/run.txt

FROM python:3.11.14-slim-bookworm
RUN useradd --uid 10001 --no-create-home --shell /usr/sbin/nologin komek \
    && install --directory --owner=10001 --group=10001 --mode=700 /data
COPY --from=build /opt/komek /opt/komek
WORKDIR /app
COPY main.py ./
COPY runtime/ runtime/
COPY menus/ menus/
COPY sms/ sms/
COPY ussd/ ussd/
COPY web/ web/
COPY cli/ cli/
ENV PATH=/opt/komek/bin:$PATH \
    PYTHONDONTWRITEBYTECODE=1 \
    PYTHONUNBUFFERED=1 \
    KOMEK_HOST=0.0.0.0 \
    KOMEK_DATA_DIR=/data
USER 10001
VOLUME /data
EXPOSE 8000
STOPSIGNAL SIGTERM
HEALTHCHECK --interval=30s --timeout=5s --start-period=15s CMD ["python", "-c", \
    "import os, urllib.request as u; port = os.environ.get('KOMEK_PORT', 8000); \
    u.urlopen(f'http://127.0.0.1:{port}/healthz', timeout=4)"]
ENTRYPOINT ["python", "main.py"]
CMD ["serve"]
