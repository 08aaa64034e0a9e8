# Layer 1, from slides to labelled patches, as an image. Built by: make images
#
# BASE may be any image with Python 3.11 or later as python3, its venv module and bash; with
# another Python than 3.11 the versions in constraints.txt are untested. Nothing is taken from apt:
# OpenSlide and every codec come as wheels.
ARG BASE=python:3.11-slim-bookworm

FROM ${BASE} AS dependencies
WORKDIR /build
COPY containers/environment.sh pyproject.toml constraints.txt ./
RUN --mount=type=secret,id=pip.conf,target=/etc/pip.conf \
    --mount=type=secret,id=certificates.pem,target=/run/secrets/certificates.pem \
    ./environment.sh dependencies extract && ./environment.sh lighten

FROM dependencies AS package
COPY LICENSE README.md ./
COPY common common
COPY layer1_extract layer1_extract
RUN --mount=type=secret,id=pip.conf,target=/etc/pip.conf \
    --mount=type=secret,id=certificates.pem,target=/run/secrets/certificates.pem \
    ./environment.sh package layer1_extract

FROM ${BASE}
# A mount point that nothing is mounted on refuses results that would be lost with the container.
RUN install -d -m 0755 /slides /patches /models /out /scratch \
    && echo 'camnet:x:1000:1000:CamNet:/tmp:/usr/sbin/nologin' >> /etc/passwd \
    && echo 'camnet:x:1000:' >> /etc/group
COPY --from=dependencies /opt/camnet /opt/camnet
COPY --from=package /opt/package /opt/camnet

# The root file system may be read-only: what is written by the way goes below /tmp.
ENV PATH=/opt/camnet/bin:/usr/local/bin:/usr/bin:/bin \
    LANG=C.UTF-8 \
    PYTHONNOUSERSITE=1 \
    PYTHONDONTWRITEBYTECODE=1 \
    HOME=/tmp \
    XDG_CACHE_HOME=/tmp/.cache \
    MPLCONFIGDIR=/tmp/matplotlib \
    KERAS_HOME=/tmp/.keras
WORKDIR /out
USER 1000:1000
ENTRYPOINT ["layer1-extract"]
CMD ["--help"]
HEALTHCHECK --interval=15m --timeout=2m CMD ["layer1-extract", "doctor"]

ARG VERSION=unknown
ARG COMMIT=unknown
ENV CAMNET_COMMIT=${COMMIT}
LABEL org.opencontainers.image.title="CamNet layer 1: extract" \
      org.opencontainers.image.description="From whole-slide images to labelled patches" \
      org.opencontainers.image.version="${VERSION}" \
      org.opencontainers.image.revision="${COMMIT}" \
      org.opencontainers.image.licenses="Apache-2.0"
