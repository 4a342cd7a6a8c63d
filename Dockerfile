# Each image from outside is named by tag and digest: a tag alone is another image after each release.

# GraphiQL and the pages in app/web: plain files, built once.
FROM node:22-slim@sha256:c3de60bf2f9dd0ac6370e6117950ff62d6e339527e7472301c9c78a017978392 AS graphiql
WORKDIR /build/app/engine/graphiql
COPY app/engine/graphiql/package.json app/engine/graphiql/package-lock.json app/engine/graphiql/.npmrc ./
RUN npm ci --no-audit --no-fund
COPY app/engine/graphiql ./
COPY app/web /build/app/web
RUN node build.mjs
RUN node build.mjs /build/app/web/shop

# What the server needs, exactly as it is locked.
FROM python:3.13-slim@sha256:7c61056e61ac89e852de05f3dc6fa51a6dd2181797bceed46aa725dd7cb2cd3b AS packages
COPY requirements.lock .
RUN python -m venv /opt/venv \
 && /opt/venv/bin/python -m pip install --no-cache-dir --disable-pip-version-check --require-hashes -r requirements.lock \
 && /opt/venv/bin/python -m pip uninstall --yes pip

FROM python:3.13-slim@sha256:7c61056e61ac89e852de05f3dc6fa51a6dd2181797bceed46aa725dd7cb2cd3b
RUN useradd --system --uid 10001 --home-dir /srv/app --shell /usr/sbin/nologin app \
 && install -d -o app -g app /srv/app /data \
 && python -m pip uninstall --yes pip
WORKDIR /srv/app
COPY --from=packages /opt/venv /opt/venv
COPY domain domain
COPY projections projections
COPY migrations migrations
COPY app app
COPY --from=graphiql /build/app/engine/graphiql/dist app/engine/graphiql/dist
COPY --from=graphiql /build/app/web/shop/dist app/web/shop/dist

# /data is used only if DATABASE_URL is missing: then the embedded PostgreSQL keeps its data there.
ENV PATH=/opt/venv/bin:$PATH \
    PYTHONUNBUFFERED=1 \
    PYTHONDONTWRITEBYTECODE=1 \
    APP_HOST=0.0.0.0 \
    APP_MODE=production \
    APP_DATA_DIR=/data
USER app
EXPOSE 8000
STOPSIGNAL SIGTERM
# Docker's client may name a proxy in the environment of every container.
HEALTHCHECK --interval=10s --timeout=5s --start-period=30s --retries=3 \
    CMD ["python", "-c", "import os, urllib.request as web; web.build_opener(web.ProxyHandler({})).open(f\"http://127.0.0.1:{os.environ.get('APP_PORT', '8000')}/readyz\", timeout=4)"]
CMD ["python", "-m", "app", "serve", "--migrate"]
