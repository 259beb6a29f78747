# Bellwether's image. It holds all that the service needs and nothing to build with; the service runs as a user of its
# own, and writes to its volume alone. docs/containers.md tells how to build, run and pin it.
ARG BASE=python:3.13-slim-trixie

FROM ${BASE} AS build
ENV PIP_NO_CACHE_DIR=1 \
    PIP_DISABLE_PIP_VERSION_CHECK=1
WORKDIR /src

# What it needs, as locked: a file with another hash is refused. Wheels alone, so that nothing is compiled.
COPY requirements-build.lock requirements-service.lock ./
RUN python -m venv /opt/build \
 && /opt/build/bin/pip install --require-hashes --only-binary :all: --requirement requirements-build.lock \
 && python -m venv --without-pip /opt/bellwether \
 && /opt/build/bin/pip --python /opt/bellwether/bin/python install --no-compile --require-hashes --only-binary :all: \
      --requirement requirements-service.lock

# Bellwether itself. sqlite-utils brings pip for a command that nobody calls here. The root file system may be read-only
# and layers may get other times, so modules are compiled now, and never compared with their sources.
COPY . .
RUN /opt/build/bin/pip wheel --no-deps --no-build-isolation --wheel-dir /wheels . \
 && /opt/build/bin/pip --python /opt/bellwether/bin/python install --no-compile --no-deps --no-index /wheels/*.whl \
 && /opt/build/bin/pip --python /opt/bellwether/bin/python uninstall --yes pip \
 && find /opt/bellwether/lib -type d -name tests -prune -exec rm -rf {} + \
 && /opt/bellwether/bin/python -m compileall -q -j 0 --invalidation-mode unchecked-hash /opt/bellwether/lib


FROM ${BASE}
ARG VERSION=""
ARG REVISION=""
LABEL org.opencontainers.image.title="Bellwether" \
      org.opencontainers.image.description="Honest stock forecasts: ranges with their track record, in chat, on a page and by API." \
      org.opencontainers.image.licenses="MIT" \
      org.opencontainers.image.version="${VERSION}" \
      org.opencontainers.image.revision="${REVISION}"

# The base brings pip, and its own modules come uncompiled: each start would compile them again, for nobody may write.
RUN rm -rf /usr/local/bin/pip* /usr/local/lib/python3.*/ensurepip /usr/local/lib/python3.*/site-packages/pip* \
 && python -m compileall -q -j 0 --invalidation-mode unchecked-hash "$(python -c 'import os; print(os.path.dirname(os.__file__))')" \
 && groupadd --gid 10001 bellwether \
 && useradd --uid 10001 --gid 10001 --no-log-init --no-create-home --home-dir /var/lib/bellwether \
      --shell /usr/sbin/nologin bellwether \
 && install -d -o 10001 -g 10001 -m 0750 /var/lib/bellwether

COPY --from=build /opt/bellwether /opt/bellwether

# Host and port are set here, so that the question after its health need not read the settings. SQLite's own temporary
# files may grow as large as the database, so they are beside it and not in the memory of /tmp.
ENV PATH=/opt/bellwether/bin:$PATH \
    HOME=/var/lib/bellwether \
    SQLITE_TMPDIR=/var/lib/bellwether \
    BELLWETHER_DATABASE__PATH=/var/lib/bellwether/bellwether.sqlite3 \
    BELLWETHER_WEB__HOST=0.0.0.0 \
    BELLWETHER_WEB__PORT=8000

WORKDIR /var/lib/bellwether
VOLUME /var/lib/bellwether
EXPOSE 8000
USER 10001:10001
STOPSIGNAL SIGTERM
HEALTHCHECK --interval=30s --timeout=5s --start-period=15m --retries=3 CMD ["python", "-I", "-c", "import os, sys, http.client as http; asked = http.HTTPConnection('127.0.0.1', int(os.environ['BELLWETHER_WEB__PORT']), timeout=4); asked.request('GET', '/readyz'); sys.exit(asked.getresponse().status != 200)"]
ENTRYPOINT ["bellwether"]
CMD ["serve"]
