# One image with all our programs: static binaries and nothing else.
# The services' commands and health checks are in docker-compose.yml.

# The official image links against musl, statically; its version is rust-toolchain.toml's.
FROM rust:1.95.0-alpine3.23 AS rust
WORKDIR /src
# For jemalloc, the programs' allocator: docs/decisions/request.md. The C compiler is in the image.
RUN apk add --no-cache make~=4.4
ENV CARGO_PROFILE_RELEASE_STRIP=symbols

# The workspace without its code: cargo's configuration and every manifest, with an empty crate for
# each. The result changes only when one of these files changes, so that dependencies stay in their
# own cached layer.
FROM rust AS manifests
SHELL ["/bin/ash", "-eo", "pipefail", "-c"]
COPY . .
RUN find . -name Cargo.toml -o -name Cargo.lock -o -name lib.rs -o -name main.rs -o -path ./.cargo/config.toml \
    | while read -r file; do \
        mkdir -p "/empty/${file%/*}"; \
        case $file in \
            */lib.rs) echo "//! Empty." >"/empty/$file" ;; \
            */main.rs) printf '//! Empty.\nfn main() {}\n' >"/empty/$file" ;; \
            *) cp "$file" "/empty/$file" ;; \
        esac; \
    done

FROM rust AS build
ARG PROGRAMS="die-service dice-roller frontend usage-sink traffic-gen prober ktrdr doctor faultctl drill"
COPY --from=manifests /empty .
# hadolint ignore=SC2046,SC2086
RUN cargo build --release --locked $(printf " -p %s" $PROGRAMS)
COPY . .
# The commit, for the build_info metric.
ARG DICE_REVISION=unknown
# Cargo compares time stamps, and these files are older than the empty ones that were just built.
# hadolint ignore=SC2046,SC2086
RUN find crates traffic-gen -name "*.rs" -exec touch {} + \
    && DICE_REVISION="$DICE_REVISION" cargo build --release --locked $(printf " -p %s" $PROGRAMS) \
    && mkdir /programs /faults \
    && for program in $PROGRAMS; do cp "target/release/$program" /programs/; done

FROM scratch
ARG DICE_REVISION=unknown
LABEL org.opencontainers.image.title="Dice Roller sandbox" \
      org.opencontainers.image.description="die-service, dice-roller, frontend, usage-sink, traffic-gen, prober, ktrdr, doctor, faultctl and drill" \
      org.opencontainers.image.licenses="Apache-2.0" \
      org.opencontainers.image.revision="$DICE_REVISION"
COPY --from=build /programs/ /
# A new volume that is mounted here gets this owner: the file of flags is written without being root.
COPY --from=build --chown=65532:65532 /faults /faults
USER 65532:65532
CMD ["/frontend"]
