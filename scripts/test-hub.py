#!/usr/bin/env python3
"""Tries Hugging Face's own client against the mock of the Hub that the tests use, so that the mock is known to be faithful.

    scripts/test-hub.py PROGRAM        PROGRAM: the hub-mock that is to be tried
"""
import os
import subprocess
import sys
import tempfile

mock = subprocess.Popen([sys.argv[1]], stdout=subprocess.PIPE, text=True)
endpoint = mock.stdout.readline().strip()
os.environ.update(HF_ENDPOINT=endpoint, HF_HOME=tempfile.mkdtemp(prefix="dropforge-hub-"), HF_HUB_DISABLE_TELEMETRY="1", HF_HUB_DISABLE_XET="1")
os.environ.pop("HF_TOKEN", None)

import huggingface_hub as hub  # after the environment, which it reads once
from huggingface_hub import errors

checks = 0


def check(what, condition):
    global checks
    checks += 1
    print(("ok  " if condition else "BAD ") + what)
    if not condition:
        sys.exit(1)


def refused(what, error, call):
    try:
        call()
    except Exception as caught:
        check(f"{what}: {type(caught).__name__}", type(caught) is error)
    else:
        check(f"{what}: nothing was raised", False)


try:
    api = hub.HfApi(endpoint=endpoint)
    info = api.dataset_info("demo/plain")
    check("dataset_info: the commit", len(info.sha) == 40)
    check("dataset_info: the card", info.card_data.license == "mit" and info.gated is False and info.private is False)
    names = sorted(s.rfilename for s in info.siblings)
    tree = list(api.list_repo_tree("demo/plain", repo_type="dataset", recursive=True))
    found = {entry.path: entry for entry in tree if isinstance(entry, hub.hf_api.RepoFile)}
    check("list_repo_tree: the same files", sorted(found) == names)
    check("list_repo_tree: folders", any(isinstance(entry, hub.hf_api.RepoFolder) for entry in tree))
    check("list_repo_tree: a large file's SHA-256", len(found["data/train-00000.jsonl"].lfs.sha256) == 64)

    folder = hub.snapshot_download("demo/plain", repo_type="dataset", local_dir=tempfile.mkdtemp(prefix="dropforge-hub-"))
    sizes = {name: os.path.getsize(os.path.join(folder, name)) for name in names}
    check("snapshot_download: every file whole", all(sizes[name] == found[name].size for name in names))
    check("snapshot_download: odd names", sizes["odd names/a b#c%d é.txt"] == 4 and sizes["empty.txt"] == 0)

    for name in ["data/train-00000.jsonl", "README.md"]:
        address = hub.hf_hub_url("demo/plain", name, repo_type="dataset", endpoint=endpoint)
        head = hub.get_hf_file_metadata(address)
        check(f"get_hf_file_metadata: {name}", head.commit_hash == info.sha and head.size == found[name].size)
        check(f"the ETag of {name}", head.etag == (found[name].lfs.sha256 if found[name].lfs else found[name].blob_id))
    check("a name of before", api.dataset_info("demo/former").id == "demo/plain")
    path = hub.hf_hub_download("demo/former", "README.md", repo_type="dataset", endpoint=endpoint)
    check("a file under a name of before", open(path).read().startswith("---"))

    def download(repository, name="rows.jsonl", **more):
        return lambda: hub.hf_hub_download(repository, name, repo_type="dataset", endpoint=endpoint, **more)

    refused("no such file", errors.RemoteEntryNotFoundError if hasattr(errors, "RemoteEntryNotFoundError") else errors.EntryNotFoundError, download("demo/plain", "no.jsonl"))
    refused("no such revision", errors.RevisionNotFoundError, download("demo/plain", "README.md", revision="no"))
    refused("a private repository without a token", errors.RepositoryNotFoundError, lambda: api.dataset_info("demo/private"))
    refused("a private repository with another's token", errors.RepositoryNotFoundError, lambda: api.dataset_info("demo/private", token="hf_other"))
    refused("a gated repository without a token", errors.GatedRepoError, download("demo/gated"))
    refused("a gated repository with another's token", errors.GatedRepoError, download("demo/gated", token="hf_other"))
    refused("a disabled repository", errors.DisabledRepoError, lambda: api.dataset_info("demo/disabled"))
    check("a gated repository with the right token", os.path.getsize(download("demo/gated", token="hf_letIn")()) > 0)
    check("whoami", api.whoami(token="hf_letIn")["name"] == "tester")
    refused("a wrong token", errors.HfHubHTTPError, lambda: api.whoami(token="hf_wrong"))
    model = hub.snapshot_download("demo/model", endpoint=endpoint)
    check("a model", sorted(os.listdir(model)) == ["config.json", "model.safetensors"])
    print(f"huggingface_hub {hub.__version__} accepts the mock: {checks} checks")
finally:
    mock.terminate()
