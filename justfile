# Shortcuts for development. `just` lists them. Every recipe is a plain command that works without just.

_default:
    @just --list --unsorted

# Run the demo at http://127.0.0.1:8080, with data in ./data
demo *args:
    cargo run -- demo {{args}}

# Run the demo and restart it after each change (needs watchexec)
watch:
    watchexec --restart --watch src --watch assets --watch migrations --watch Cargo.toml -- cargo run -- demo

# Check types, the fastest feedback
check:
    cargo check --all-targets

# Run unit tests and tests over HTTP on SQLite, or those whose name contains a word: `just test refund`
test *filter:
    cargo test --lib --test stories -- {{filter}}

# Run everything that CI runs, or some stages: `just all lint postgres`
all *stages:
    tests/run {{stages}}

# Format the code
fmt:
    cargo fmt

# Check format and lints, warnings are errors
lint:
    tests/run lint

# Run a benchmark: group_commit, waiters, import, uploads, lookup, pages or submissions
bench name *args:
    cargo bench --bench {{name}} -- {{args}}

# Take pictures of the manual's figures and of other pages, in target/shots (needs `tests/run browser` once)
shots *filter:
    cargo test --test browser -- {{filter}}
    @ls target/shots

# Build the optimised program, target/release/kaozheng
release:
    cargo build --release --locked

# Remove the demo's data
reset:
    rm -rf data
