#!/usr/bin/env bash
# All that needs a GPU, in one go of at most eight minutes: tests, then benchmarks.
#
#     bash benchmarks/gpu.sh
set -u
cd "$(dirname "$0")/.."
nvidia-smi --query-gpu=name,driver_version --format=csv
timeout 150 python -m pytest -n 0 -q -m gpu tests/classifiers
timeout 180 python benchmarks/training.py --device cuda --compile --runs 3
