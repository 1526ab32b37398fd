# syntax=docker/dockerfile:1
# The image of one process: `kaozheng serve` as a user without rights. compose.yaml shows it with its database.
ARG RUST=rust:1.95-bookworm
ARG BASE=debian:bookworm-slim

FROM ${RUST} AS build
WORKDIR /src
COPY . .
RUN --mount=type=cache,target=/usr/local/cargo/registry --mount=type=cache,target=/src/target \
    cargo build --release --locked && install -D target/release/kaozheng /out/usr/bin/kaozheng

FROM ${BASE}
# Certificate authorities, for a database with sslrootcert=system.
RUN apt-get update && apt-get install -y --no-install-recommends ca-certificates && rm -rf /var/lib/apt/lists/* \
    && useradd --system --uid 10001 --home-dir /var/lib/kaozheng --shell /usr/sbin/nologin kaozheng \
    && install -d -o kaozheng -g kaozheng -m 700 /var/lib/kaozheng
COPY --from=build /out/ /
USER 10001
ENV KAOZHENG_LISTEN=0.0.0.0:8080 KAOZHENG_FILES=/var/lib/kaozheng/files
VOLUME /var/lib/kaozheng
EXPOSE 8080
STOPSIGNAL SIGTERM
HEALTHCHECK --interval=10s --timeout=6s --start-period=30s CMD ["kaozheng", "health"]
ENTRYPOINT ["kaozheng"]
CMD ["serve"]
