# docker build --tag calendula .
# docker run --publish 127.0.0.1:8000:8000 --volume calendula:/data calendula
#
# Without CALENDULA_DATABASE_URL this is an open clinic, on a SQLite file in /data. It warns of that
# in one line when it starts, because it listens on all of the container's addresses.

ARG BASE=python:3.13-slim

FROM ${BASE} AS builder
WORKDIR /build
RUN python -m venv /opt/calendula
ENV PATH=/opt/calendula/bin:$PATH
COPY requirements/serve.txt requirements/
RUN pip install --no-cache-dir --require-hashes --requirement requirements/serve.txt
COPY pyproject.toml README.md LICENSE ./
COPY migrations migrations
COPY src src
RUN pip install --no-cache-dir --no-deps --no-build-isolation .

FROM ${BASE}
# A numeric user, so that Kubernetes' runAsNonRoot can see that it is not root. A new volume at
# /data takes over its owner; a directory of the host that is mounted there must belong to the user.
RUN install -d -o 10001 -g 10001 -m 0700 /data
COPY --from=builder /opt/calendula /opt/calendula
ENV PATH=/opt/calendula/bin:$PATH
USER 10001:10001
WORKDIR /data
VOLUME /data
EXPOSE 8000
# Not through a proxy, even where the container is given one.
HEALTHCHECK --interval=30s --timeout=5s --start-period=15s CMD ["python", "-c", "\
import urllib.request as u; \
u.build_opener(u.ProxyHandler({})).open('http://127.0.0.1:8000/readyz', timeout=4)"]
ENTRYPOINT ["calendula"]
CMD ["serve", "--host", "0.0.0.0"]
