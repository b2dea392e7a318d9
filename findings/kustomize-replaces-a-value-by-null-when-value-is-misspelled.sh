#!/usr/bin/env bash
# kustomize 5.7.1: two surprises of JSON patches (RFC 6902) in a kustomization.
# 1. `replace` without `value` is no error. RFC 6902 demands the member, and kustomize takes its
#    absence, or a misspelling such as `valeu`, as null: `replicas: null`, exit code 0, no warning.
#    Kubernetes then applies its own default, so that a Deployment of three silently becomes one.
# 2. The patch is YAML, but a list in flow style is refused ("unable to parse SM or JSON patch")
#    when it is the first thing in the text, and accepted with a comment before it: a text that begins
#    with a bracket is taken for JSON. The same list in block style is accepted.
#
# Seen on 2026-12-01:
#   block style                   replicas: 3   exit 0
#   value misspelled              replicas: null   exit 0
#   flow style                    exit 1
#   flow style after a comment    replicas: 3   exit 0
#
# Why it matters: overlays are patched by hand, and what is rendered is rarely read. A schema does
# not help, null is valid for an optional field. Compare the rendered values in a test.
#
# Needs go. Exits 0 while it still behaves in exactly this way.
set -euo pipefail
folder=$(mktemp -d)
trap 'chmod -R u+w "$folder"; rm -rf "$folder"' EXIT
cd "$folder"
GOBIN="$folder/bin" go install sigs.k8s.io/kustomize/kustomize/v5@v5.7.1

cat >deployment.yaml <<'YAML'
apiVersion: apps/v1
kind: Deployment
metadata:
  name: example
spec:
  replicas: 2
YAML

# Renders the deployment with the patch on standard input, and says what became of its replicas.
patched() {
    local name=$1 replicas code=0
    {
        printf 'resources: [deployment.yaml]\npatches:\n- target: {kind: Deployment}\n  patch: |\n'
        sed 's/^/    /'
    } >kustomization.yaml
    bin/kustomize build . >rendered 2>error || code=$?
    replicas=$(grep -o 'replicas: .*' rendered || true)
    printf '%-30s%s\n' "$name" "${replicas:+$replicas   }exit $code"
}

cat >expected <<'EXPECTED'
block style                   replicas: 3   exit 0
value misspelled              replicas: null   exit 0
flow style                    exit 1
flow style after a comment    replicas: 3   exit 0
EXPECTED

{
    echo '- {op: replace, path: /spec/replicas, value: 3}' | patched "block style"
    echo '- {op: replace, path: /spec/replicas, valeu: 3}' | patched "value misspelled"
    echo '[{op: replace, path: /spec/replicas, value: 3}]' | patched "flow style"
    grep -q 'unable to parse SM or JSON patch' error
    printf '# three\n[{op: replace, path: /spec/replicas, value: 3}]\n' | patched "flow style after a comment"
} >seen
diff expected seen
echo "kustomize 5.7.1 still replaces by null, and still refuses a list in flow style at the start"
