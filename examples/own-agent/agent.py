import json, os, subprocess, urllib.request as web  # An agent: a model, a shell, a loop.
HEAD = {"content-type": "application/json", "anthropic-version": "2023-06-01"}
HEAD["x-api-key"] = os.environ["ANTHROPIC_API_KEY"]  # A placeholder: the gateway has the key.
SHELL = {"name": "shell", "input_schema": {"type": "object", "properties": {"command": {}}}}
say = lambda **event: print(json.dumps(event), flush=True)  # $BOTTLE_EVENTS_FD is 1, stdout.
log = [{"role": "user", "content": open(os.environ["BOTTLE_PROMPT_FILE"]).read() + open(0).read()}]
while log[-1]["content"]:
    say(type="turn")
    body = {"model": os.environ["MODEL"], "max_tokens": 8192, "messages": log, "tools": [SHELL]}
    ask = web.Request("https://api.anthropic.com/v1/messages", json.dumps(body).encode(), HEAD)
    reply = json.load(web.urlopen(ask))
    log += [{"role": "assistant", "content": reply["content"]}, {"role": "user", "content": []}]
    say(type="usage", **{kind: reply["usage"][f"{kind}_tokens"] for kind in ("input", "output")})
    for it in reply["content"]:
        if it["type"] == "tool_use":
            say(type="tool-call", id=it["id"], name="shell", input=it["input"])
            code, out = subprocess.getstatusoutput(it["input"]["command"], errors="replace")
            say(type="tool-result", id=it["id"], ok=code == 0, output=out)
            log[-1]["content"] += [{"type": "tool_result", "tool_use_id": it["id"], "content": out}]
say(type="finished", ok=True, result=reply["content"][-1].get("text", ""))
