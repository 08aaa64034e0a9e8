# Layer 3, from slides and a trained network to heatmaps and a report, as an image.
# Built by: make images
#
# BASE may be any image with Python 3.11 or later as python3, its venv module and bash; with
# another Python than 3.11 the versions in constraints.txt are untested. Nothing is taken from apt:
# OpenSlide and every codec come as wheels.
# DEVICE=gpu takes TensorFlow with CUDA. That has been linted, never run.
ARG BASE=python:3.11-slim-bookworm

FROM ${BASE} AS dependencies
ARG DEVICE=cpu
WORKDIR /build
COPY containers/environment.sh pyproject.toml constraints.txt ./
# The same for layers 2 and 3, so that it is built once.
RUN --mount=type=secret,id=pip.conf,target=/etc/pip.conf \
    --mount=type=secret,id=certificates.pem,target=/run/secrets/certificates.pem \
    ./environment.sh dependencies train infer
RUN --mount=type=secret,id=pip.conf,target=/etc/pip.conf \
    --mount=type=secret,id=certificates.pem,target=/run/secrets/certificates.pem \
    ./environment.sh dependencies infer && ./environment.sh lighten

FROM dependencies AS package
COPY LICENSE README.md ./
COPY common common
COPY layer3_infer layer3_infer
RUN --mount=type=secret,id=pip.conf,target=/etc/pip.conf \
    --mount=type=secret,id=certificates.pem,target=/run/secrets/certificates.pem \
    ./environment.sh package layer3_infer

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
ENTRYPOINT ["layer3-infer"]
CMD ["--help"]
HEALTHCHECK --interval=15m --timeout=2m CMD ["layer3-infer", "doctor", "--quick"]

ARG VERSION=unknown
ARG COMMIT=unknown
ENV CAMNET_COMMIT=${COMMIT}
LABEL org.opencontainers.image.title="CamNet layer 3: infer" \
      org.opencontainers.image.description="From slides and a trained network to heatmaps, explanations and a report" \
      org.opencontainers.image.version="${VERSION}" \
      org.opencontainers.image.revision="${COMMIT}" \
      org.opencontainers.image.licenses="Apache-2.0"
