export const id = 373;
export const ids = [373];
export const modules = {

/***/ 9373:
/***/ ((__unused_webpack___webpack_module__, __webpack_exports__, __webpack_require__) => {


// EXPORTS
__webpack_require__.d(__webpack_exports__, {
  makeGitGate: () => (/* binding */ makeGitGate)
});

// EXTERNAL MODULE: external "node:fs/promises"
var promises_ = __webpack_require__(1455);
// EXTERNAL MODULE: external "node:path"
var external_node_path_ = __webpack_require__(6760);
// EXTERNAL MODULE: ./build/errors.js
var errors = __webpack_require__(9473);
// EXTERNAL MODULE: ./build/secret/matcher.js + 1 modules
var matcher = __webpack_require__(2547);
// EXTERNAL MODULE: ./build/secret/token-pattern.js + 1 modules
var token_pattern = __webpack_require__(9722);
;// CONCATENATED MODULE: ./build/git-check/secret-search.js
/** Looks for secrets in bytes of any kind: the run's own in all encodings, and tokens of vendors. */


const BLOCK = 65536;
/** Loading the rules for tokens takes its time, and most changes have nothing for them. */
function searchSecrets(secrets) {
    const known = (0,matcher/* matchSecrets */.g)(secrets.map(({ name, value }) => ({ label: name, value })));
    let rules;
    const load = () => {
        rules ??= (0,token_pattern/* loadTokenRules */.pE)();
        return rules;
    };
    function stream() {
        const [values, tokens] = [known.stream(), (0,token_pattern/* matchTokens */.IT)(load)];
        return {
            push: async (chunk) => [...values.push(chunk), ...(await tokens.push(chunk))],
            end: tokens.end,
        };
    }
    return {
        stream,
        async find(bytes, most = Number.POSITIVE_INFINITY) {
            const one = stream();
            const matches = [];
            for (let at = 0; at < bytes.length && matches.length < most; at += BLOCK)
                matches.push(...(await one.push(bytes.subarray(at, at + BLOCK))));
            return [...matches, ...(await one.end())];
        },
    };
}

;// CONCATENATED MODULE: ./build/printable.js
/**
 * Text that somebody else wrote, made fit for an error, a list or a notice: nothing hidden in it, no
 * longer than said. For the log's stream of guest output see `host/sanitise.ts`.
 */
/** Controls, formats, unassigned code points and whatever else shows nothing or moves its neighbours. */
const HIDDEN = /^[\p{C}\p{Zl}\p{Zp}\p{Default_Ignorable_Code_Point}]$/u;
const COLOUR = /\u001b\[[0-?]*[ -/]*[@-~]/gu;
const BLANK = /[\p{Z}\t\n\v\f\r]+/gu;
const LINE_BREAK = /\r\n|\n|\r/;
/** One line: hidden characters become `<U+XXXX>`, and what is over `most` characters `…`. */
function printable(text, most = 300) {
    let shown = '';
    for (const character of text) {
        const next = shown + show(character);
        if (next.length > most)
            return `${shown}…`;
        shown = next;
    }
    return shown;
}
/**
 * What a program said, as one line: its colours gone, its line breaks spaces. Over `most` characters
 * the end is kept, where programs say why they gave up.
 */
function printableEnd(text, most = 500) {
    const line = text.replace(COLOUR, '').replace(BLANK, ' ').trim();
    let shown = '';
    for (const piece of Array.from(line, show).toReversed()) {
        if (shown.length + piece.length > most)
            return `…${shown}`;
        shown = piece + shown;
    }
    return shown;
}
/** The last `most` lines of what a program said that are not blank: colours gone, each line capped. */
function printableLines(text, most) {
    return text
        .replace(COLOUR, '')
        .split(LINE_BREAK)
        .map((line) => line.replace(BLANK, ' ').trimEnd())
        .filter((line) => line !== '')
        .slice(-most)
        .map((line) => printable(line))
        .join('\n');
}
function show(character) {
    if (!HIDDEN.test(character))
        return character;
    const code = character.codePointAt(0);
    return `<U+${code.toString(16).toUpperCase().padStart(4, '0')}>`;
}

// EXTERNAL MODULE: ./build/gateway/answer.js
var answer = __webpack_require__(875);
// EXTERNAL MODULE: ./build/gateway/audit.js
var audit = __webpack_require__(7814);
// EXTERNAL MODULE: ./build/gateway/denied.js
var gateway_denied = __webpack_require__(1666);
// EXTERNAL MODULE: ./build/gateway/exchange.js + 4 modules
var exchange = __webpack_require__(9682);
// EXTERNAL MODULE: external "node:events"
var external_node_events_ = __webpack_require__(8474);
// EXTERNAL MODULE: external "node:stream"
var external_node_stream_ = __webpack_require__(7075);
// EXTERNAL MODULE: external "node:zlib"
var external_node_zlib_ = __webpack_require__(8522);
// EXTERNAL MODULE: ./build/gateway/header.js
var header = __webpack_require__(2144);
;// CONCATENATED MODULE: ./build/gateway/git-gate/backend.js
/** Runs `git http-backend` for one request (RFC 3875): the guest's bytes in, git's answer out. */





const TIMEOUT_MS = 30 * 60_000;
/** Without a byte of a request that is not complete. */
const STALL_MS = 60_000;
/** How long a guest may go on sending what git did not want to read. */
const LINGER_MS = 2_000;
const MAX_HEAD = 16 * 1024;
/** Settles when git and all that it started have ended. @throws {Denied} */
async function runBackend(backend) {
    const { spawn, guest, entry, argv, env, root, onChannel } = backend;
    const gone = new AbortController();
    guest.onClose(() => gone.abort(new Error('the guest hung up')));
    guest.onBroken((denied) => gone.abort(denied));
    if (guest.isGone())
        gone.abort(new Error('the guest hung up'));
    if (guest.expectsContinue)
        guest.sendContinue();
    const stdin = guest.hasBody ? await begun(readBody(backend)) : undefined;
    const answer = startAnswer(guest, entry);
    const child = await spawn([...argv, 'http-backend'], {
        cwd: root,
        env: { ...env, ...metaVariables(backend) },
        ...(stdin && { stdin }),
        onStdout: answer.push,
        ...(onChannel && { onChannel }),
        timeoutMs: TIMEOUT_MS,
        signal: AbortSignal.any([gone.signal, backend.signal]),
    });
    const exit = await child.exit;
    gone.signal.throwIfAborted();
    answer.end(exit);
}
function metaVariables({ guest, asked, root }) {
    const [type = ''] = (0,header/* valuesOf */.sm)(guest.headers, 'content-type');
    const [version = ''] = (0,header/* valuesOf */.sm)(guest.headers, 'git-protocol');
    const { repository, service, step } = asked;
    return {
        GIT_PROJECT_ROOT: root,
        GIT_HTTP_EXPORT_ALL: '1',
        GATEWAY_INTERFACE: 'CGI/1.1',
        REQUEST_METHOD: guest.method,
        PATH_INFO: `/${repository}/${step === 'refs' ? 'info/refs' : `git-${service}-pack`}`,
        QUERY_STRING: step === 'refs' ? `service=git-${service}-pack` : '',
        CONTENT_TYPE: /^[\w.+/-]{1,100}$/.test(type) ? type : '',
        ...(/^version=[0-2]$/.test(version) && { HTTP_GIT_PROTOCOL: version }),
    };
}
/** Its first bytes are there: git begins its answer without them, and then it is too late to refuse. */
async function begun(body) {
    const first = await body.next();
    return (async function* () {
        if (!first.done)
            yield first.value;
        yield* body;
    })();
}
/** Unpacked here, where it can be seen how much comes out of it. */
async function* readBody({ guest, entry, maxBytes }) {
    const body = unpack(guest);
    const startTimer = () => setTimeout(() => {
        const seconds = STALL_MS / 1000;
        body.destroy(new gateway_denied/* Denied */.C('timeout', `no byte of the request came for ${seconds} s`));
    }, STALL_MS);
    let timer = startTimer();
    try {
        // A request that is destroyed takes the connection along, and the answer with it.
        for await (const chunk of body.iterator({ destroyOnReturn: false })) {
            clearTimeout(timer);
            entry.bytesUp += chunk.length;
            if (entry.bytesUp > maxBytes) {
                throw new gateway_denied/* Denied */.C('limit-bytes', `the request is larger than ${maxBytes} bytes`);
            }
            yield chunk;
            timer = startTimer();
        }
    }
    catch (error) {
        const isPacked = String(error.code).startsWith('Z_');
        throw isPacked ? new gateway_denied/* Denied */.C('malformed', 'the request is not packed as it says') : error;
    }
    finally {
        clearTimeout(timer);
    }
}
function unpack({ headers, body }) {
    const encodings = (0,header/* valuesOf */.sm)(headers, 'content-encoding').map((value) => value.toLowerCase());
    if (encodings.length === 0 || encodings[0] === 'identity')
        return body;
    if (encodings.length > 1 || !['gzip', 'x-gzip'].includes(encodings[0] ?? '')) {
        throw new gateway_denied/* Denied */.C('malformed', 'a request to git is packed with gzip or not at all');
    }
    const unpacked = (0,external_node_zlib_.createGunzip)();
    (0,external_node_stream_.finished)(body, (error) => error && unpacked.destroy(error));
    return body.pipe(unpacked);
}
/** git's answer: its head is read here, its body goes on as the guest takes it. */
function startAnswer(guest, entry) {
    let head = Buffer.alloc(0);
    let target;
    const begin = (length) => {
        const headers = parseHead(head.subarray(0, length).toString('latin1'));
        entry.status = headers.status;
        target = guest.answer(headers);
        return head.subarray(length + 4);
    };
    return {
        async push(chunk) {
            let rest = chunk;
            if (target === undefined) {
                head = Buffer.concat([head, chunk]);
                const length = head.indexOf('\r\n\r\n');
                if (length < 0 && head.length <= MAX_HEAD)
                    return;
                rest = begin(Math.max(length, 0));
            }
            entry.bytesDown += rest.length;
            if (target?.write(rest) === false)
                await drained(target);
        },
        end({ exitCode, timedOut }) {
            if (timedOut)
                throw new gateway_denied/* Denied */.C('timeout', 'git took too long');
            // Whatever git says at last is for the guest's git to understand; broken off is another thing.
            if (target === undefined || exitCode === null)
                throw new gateway_denied/* Denied */.C('busy', 'git was ended');
            target.end();
            linger(guest);
        },
    };
}
/** A guest that is gone takes nothing any more. */
async function drained(target) {
    const settled = new AbortController();
    const { signal } = settled;
    try {
        await Promise.race([(0,external_node_events_.once)(target, 'drain', { signal }), (0,external_node_events_.once)(target, 'close', { signal })]);
    }
    finally {
        settled.abort();
    }
}
function parseHead(text) {
    const fields = text.split('\r\n').map((line) => {
        const colon = line.indexOf(':');
        return [line.slice(0, colon), line.slice(colon + 1).trim()];
    });
    const isStatus = ([name]) => name.toLowerCase() === 'status';
    const status = Number.parseInt(fields.find(isStatus)?.[1] ?? '200', 10);
    return { status, headers: fields.filter((field) => !isStatus(field)) };
}
/** What git did not want to read must be read all the same, or the guest never sees the answer. */
function linger({ hasBody, body, abort }) {
    if (!hasBody || body.readableEnded)
        return;
    const timer = setTimeout(abort, LINGER_MS);
    body.once('close', () => clearTimeout(timer)).resume();
}

;// CONCATENATED MODULE: ./build/gateway/git-gate/git-request.js
/** Reads which of git's requests it is: smart HTTP, and nothing else that a git server may know. */

const REFS = /^\/git\/([^/?#]+)\/info\/refs\?service=git-(upload|receive)-pack$/;
const PACK = /^\/git\/([^/?#]+)\/git-(upload|receive)-pack$/;
/** @throws {Denied} `no-match`, for the older protocol of plain files too. */
function readGitRequest(method, target) {
    const refs = method === 'GET' ? REFS.exec(target) : null;
    const [, repository = '', service] = refs ?? (method === 'POST' ? PACK.exec(target) : null) ?? [];
    if (service === undefined) {
        throw new gateway_denied/* Denied */.C('no-match', 'this is no request of git’s smart protocol over HTTP');
    }
    const step = refs === null ? 'pack' : 'refs';
    return { repository, service: service, step };
}

// EXTERNAL MODULE: external "node:crypto"
var external_node_crypto_ = __webpack_require__(7598);
;// CONCATENATED MODULE: ./build/git-settings.js
/**
 * How git runs on the runner: as if nobody had configured anything. A checkout is somebody's data,
 * and its configuration, hooks, attributes and replaced objects would be carried out or believed.
 */
/** Arguments that come before git's command; these win over the repository's own configuration. */
const GIT_CONFIG = [
    // A container's root, or another user's checkout.
    'safe.directory=*',
    'core.fsmonitor=false',
    'core.hooksPath=/dev/null',
    // What we write is scratch, which need not outlive a power cut.
    'core.fsync=none',
    // A cache of what commits hold, which is believed without a look at them.
    'core.commitGraph=false',
    'gc.auto=0',
].flatMap((setting) => ['-c', setting]);
/** Beside PATH and a HOME without configuration: nothing else is inherited. */
const GIT_ENVIRONMENT = {
    LC_ALL: 'C',
    GIT_CONFIG_NOSYSTEM: '1',
    GIT_CONFIG_GLOBAL: '/dev/null',
    GIT_ATTR_NOSYSTEM: '1',
    GIT_NO_LAZY_FETCH: '1',
    GIT_NO_REPLACE_OBJECTS: '1',
    GIT_OPTIONAL_LOCKS: '0',
    GIT_TERMINAL_PROMPT: '0',
    // An empty list: git talks to nobody, but for a fetch that names its one protocol.
    GIT_ALLOW_PROTOCOL: '',
};

;// CONCATENATED MODULE: ./build/git-check/git-runner.js
/** Runs git in one bare repository, so that nothing in it is carried out and nothing grows or lasts. */


class git_runner_GitLimitError extends Error {
    name = 'GitLimitError';
}
const git_runner_TIMEOUT_MS = 60_000;
const MAX_BYTES = 16 * 1024 * 1024;
const MAX_STDERR = 4096;
/** Grafts that cannot be there, and no object too large to be held. */
const BOUNDS = { GIT_GRAFT_FILE: '/dev/null/none', GIT_ALLOC_LIMIT: '512m' };
const BARE = ['-c', 'core.bigFileThreshold=32m', '-c', 'core.packedGitLimit=256m'];
function makeGitRunner(settings) {
    const { spawn, program, directory, path, timeoutMs = git_runner_TIMEOUT_MS } = settings;
    return async (args, { input, env, maxBytes = MAX_BYTES, signal, onStdout } = {}) => {
        const stdout = [];
        let stderr = '';
        let kept = 0;
        const keep = (chunk) => {
            kept += chunk.length;
            if (kept > maxBytes)
                throw new git_runner_GitLimitError(`git ${args[0]} said more than ${maxBytes} bytes`);
            stdout.push(chunk);
        };
        const ends = [signal, settings.signal].filter((one) => one !== undefined);
        const child = await spawn([program, ...GIT_CONFIG, ...BARE, ...args], {
            cwd: directory,
            env: {
                ...{ PATH: path, HOME: directory, ...GIT_ENVIRONMENT, ...BOUNDS, GIT_DIR: directory },
                ...{ ...settings.env, ...env },
            },
            ...(input === undefined ? {} : { stdin: input }),
            onStdout: onStdout ?? keep,
            onStderr: (chunk) => {
                stderr = (stderr + Buffer.from(chunk).toString()).slice(-MAX_STDERR);
            },
            timeoutMs,
            signal: AbortSignal.any(ends),
            graceMs: 0,
        });
        const { exitCode, timedOut } = await child.exit;
        for (const one of ends)
            one.throwIfAborted();
        if (timedOut)
            throw new git_runner_GitLimitError(`git ${args[0]} was not done after ${timeoutMs / 1000} s`);
        return {
            exitCode: exitCode ?? -1,
            stdout: Buffer.concat(stdout),
            stderr: printableEnd(stderr),
        };
    };
}

;// CONCATENATED MODULE: ./build/git-check/pack.js
/** Takes a pack of somebody else's objects in: complete, well formed, and none that git warns of. */



/** What `--strict` would let pass with a note; older gits know all of them too. */
const NOTES = [
    ...['badFilemode', 'badTagName', 'missingTaggerEntry', 'gitmodulesParse'],
    ...['gitattributesSymlink', 'gitignoreSymlink', 'mailmapSymlink'],
];
/** The same for a git that receives a push: arguments that come before its command. */
const STRICT_RECEIVE = [
    'transfer.fsckObjects=true',
    ...NOTES.map((id) => `receive.fsck.${id}=error`),
].flatMap((setting) => ['-c', setting]);
/**
 * Adds the objects to the repository, or says why not: damaged, ill formed, incomplete or too
 * large. What a thin pack builds on must be there. Throws what `pack` throws.
 */
async function takePack(git, pack, { maxBytes, hash = 'sha1' }) {
    const whole = checkTrailer(pack, hash);
    const strict = NOTES.map((id) => `${id}=error`).join(',');
    const limit = `--max-input-size=${maxBytes}`;
    const args = ['index-pack', '--stdin', '--fix-thin', `--strict=${strict}`, limit];
    try {
        const { exitCode, stderr } = await git(args, { input: whole.bytes });
        if (exitCode !== 0)
            return [refusedPack(whole.size() > maxBytes, reasonOf(stderr))];
    }
    catch (error) {
        if (!(error instanceof GitLimitError))
            throw error;
        return [refusedPack(false, messageOf(error))];
    }
    return whole.isExact() ? [] : [refusedPack(false, 'it has bytes after its end')];
}
function refusedPack(tooLarge, reason) {
    const detail = tooLarge ? 'The pack of objects is too large' : `The pack of objects: ${reason}`;
    const rule = tooLarge ? 'patch-size' : 'fsck';
    return { rule, action: 'block', commit: '', path: '', line: 0, detail };
}
/** A fault of an object by its name in git's list; its text may quote what is in the object. */
function reasonOf(stderr) {
    const [, object, fault] = /object ([0-9a-f]{40,64}): (\w+): /.exec(stderr) ?? [];
    if (object)
        return `object ${object}: ${fault}`;
    return stderr.replace(/^.*(?:fatal|error): /, '').slice(0, 200) || 'git gave no reason';
}
/** A pack ends in the hash of all that comes before; git stops reading there. */
function checkTrailer(pack, algorithm) {
    const hash = createHash(algorithm);
    const length = algorithm === 'sha1' ? 20 : 32;
    let end = Buffer.alloc(0);
    let size = 0;
    async function* bytes() {
        for await (const chunk of pack) {
            size += chunk.length;
            const held = Buffer.concat([end, chunk]);
            const cut = Math.max(0, held.length - length);
            hash.update(held.subarray(0, cut));
            end = held.subarray(cut);
            yield chunk;
        }
    }
    return {
        bytes: bytes(),
        size: () => size,
        isExact: () => hash.digest().equals(end),
    };
}

;// CONCATENATED MODULE: ./build/gateway/git-gate/git-setting.js
/** How git serves the gate's repositories: strictly, and as if nobody had configured anything. */


/** Of one push, packed. */
const MAX_PACK_BYTES = 1024 * 1024 * 1024;
function servingArgv({ program }, { push, allowForce }, hooks) {
    const settings = {
        'core.hooksPath': hooks,
        // Else git would start one in the runner's checkout, to hear what it has.
        'core.alternateRefsCommand': 'true',
        'core.bigFileThreshold': '32m',
        'http.getanyfile': false,
        'http.uploadpack': true,
        'http.receivepack': push !== 'refuse',
        'uploadpack.allowFilter': true,
        'receive.denyDeletes': !allowForce,
        'receive.denyNonFastForwards': !allowForce,
        'receive.maxInputSize': MAX_PACK_BYTES,
        // Always as a pack, which is read as a stream and not object by object.
        'receive.unpackLimit': 1,
        'receive.autogc': false,
        'receive.advertisePushOptions': false,
    };
    const pairs = Object.entries(settings).flatMap(([key, value]) => ['-c', `${key}=${value}`]);
    return [program, ...GIT_CONFIG, ...STRICT_RECEIVE, ...pairs];
}
function servingEnvironment({ path, directory }) {
    return { PATH: path, HOME: directory, ...GIT_ENVIRONMENT };
}

;// CONCATENATED MODULE: ./build/gateway/git-gate/hook.js
/** `pre-receive` (githooks(5)); what it prints is what the guest's git shows after `remote:`. */
const HOOK = `#!/bin/sh
# Descriptor 3 leads to the gateway: it is told of the push, and answers what to print and what to do.
{ printf '%s\\n' "$GIT_OBJECT_DIRECTORY" && cat && echo end; } >&3 || exit 1
while IFS= read -r line <&3; do
  case $line in
    'say '*) printf '%s\\n' "\${line#say }" ;;
    accept) exit 0 ;;
    *) exit 1 ;;
  esac
done
exit 1
`;
const END = '\nend\n';
/** Beyond any push that is meant well; git would send on any number of refs. */
const hook_MAX_BYTES = 8 * 1024 * 1024;
const UPDATE = /^([0-9a-f]{40,64}) ([0-9a-f]{40,64}) (.+)$/;
/** What the hook tells. Rejects when it ends before, or tells more than a push may hold. */
async function hearHook(channel) {
    let text = '';
    for await (const chunk of channel.iterator({ destroyOnReturn: false })) {
        text += Buffer.from(chunk).toString('latin1');
        if (text.endsWith(END))
            return parsePush(text.slice(0, -END.length));
        if (text.length > hook_MAX_BYTES)
            break;
    }
    throw new Error('the hook did not say what was pushed');
}
function answerHook(channel, accepted, said) {
    const lines = said.map((line) => `say ${line.replaceAll('\n', ' ')}\n`);
    channel.end(`${lines.join('')}${accepted ? 'accept' : 'refuse'}\n`);
}
function parsePush(text) {
    const [objects = '', ...updates] = Buffer.from(text, 'latin1').toString().split('\n');
    const refs = updates.map((line) => {
        const [, old, now, ref] = UPDATE.exec(line) ?? [];
        if (old === undefined || now === undefined || ref === undefined) {
            throw new Error('the hook said what is no update of a ref');
        }
        return { ref, old, new: now };
    });
    return { objects, refs };
}

;// CONCATENATED MODULE: ./build/git-check/finding.js
/** What the checks say: which rule, what follows, where; never what a secret is. */
const CHECK_RULES = [
    'secret',
    'fsck',
    'protected-path',
    'submodule',
    'gitattributes',
    'symlink',
    'path-alias',
    'file-size',
    'patch-size',
    'file-count',
    'commit-count',
    'ancestry',
    'ref-name',
];
/** Of each rule, so that many findings of one do not hide those of another. */
const MAX_FINDINGS = 50;
function collectFindings() {
    const byRule = new Map();
    return {
        add(finding) {
            const kept = byRule.get(finding.rule) ?? [];
            byRule.set(finding.rule, kept);
            if (kept.length >= MAX_FINDINGS)
                return;
            kept.push({ action: 'block', commit: '', path: '', line: 0, ...finding });
        },
        has: (rule) => byRule.has(rule),
        isFull: (rule) => (byRule.get(rule)?.length ?? 0) >= MAX_FINDINGS,
        list: () => CHECK_RULES.flatMap((rule) => byRule.get(rule) ?? []),
    };
}
/** Nothing more needs to be looked at, or can be. */
class CheckStop extends Error {
    name = 'CheckStop';
    finding;
    constructor(finding) {
        super(finding.detail);
        this.finding = finding;
    }
}

;// CONCATENATED MODULE: ./build/git-check/git-output.js
/** Asks git and reads its answer as it comes; no answer, or too long a one, ends the check. */


const MAX_RECORD = 64 * 1024;
/** Any but exit code 0 ends the check: what git cannot read cannot be judged. */
async function askGit(git, args, options) {
    try {
        const { exitCode, stdout } = await git(args, options);
        if (exitCode === 0)
            return stdout;
        throw unreadable(`git ${args[0]} cannot read the commits: it ended with exit code ${exitCode}`);
    }
    catch (error) {
        if (error instanceof git_runner_GitLimitError)
            throw unreadable(error.message);
        throw error;
    }
}
function unreadable(detail) {
    return new CheckStop({ rule: 'fsck', detail });
}
/** Cuts a stream into what stands before each `separator`; valid until the next call only. */
function splitRecords(separator, onRecord) {
    let rest = Buffer.alloc(0);
    return (chunk) => {
        const bytes = rest.length > 0 ? Buffer.concat([rest, chunk]) : Buffer.from(chunk);
        let start = 0;
        for (let end = bytes.indexOf(separator); end >= 0; end = bytes.indexOf(separator, start)) {
            onRecord(bytes.subarray(start, end));
            start = end + 1;
        }
        rest = bytes.subarray(start);
        if (rest.length > MAX_RECORD)
            throw unreadable('A name or a list of parents is too long to be looked at');
    };
}
const linesOf = (texts) => Buffer.from(texts.map((text) => `${text}\n`).join(''));

;// CONCATENATED MODULE: ./build/git-check/history.js
/** The commits that a change brings, and those that they build on. */

const MAX_MERGED = 20;
async function findSpans(git, commits, tips, base) {
    const byId = new Map(commits.map((commit) => [commit.id, commit]));
    const old = new Set(commits.flatMap(({ parents }) => parents).filter((id) => !byId.has(id)));
    return Promise.all(tips.map(async (tip) => {
        const from = base || firstOld(byId, tip);
        const merged = [];
        for (const id of [...old].filter((one) => one !== from).slice(0, MAX_MERGED))
            if (from !== '' && !(await isAncestor(git, id, from)))
                merged.push(id);
        return { tip, from, merged };
    }));
}
/** Along the first parents. */
function firstOld(byId, tip) {
    let id = tip;
    for (let commit = byId.get(id); commit; commit = byId.get(id))
        id = commit.parents[0] ?? '';
    return id;
}
async function isAncestor(git, old, of) {
    if (old === of)
        return true;
    const { exitCode } = await git(['merge-base', '--is-ancestor', old, of]);
    if (exitCode > 1)
        throw unreadable('git merge-base cannot read the commits');
    return exitCode === 0;
}
/**
 * Each commit beside its parents, then each span as a whole: a merge with an old commit can bring
 * back what was long gone, and is then no different from one of its parents.
 */
function listComparisons(commits, spans, trees) {
    const treeOf = (id) => {
        const tree = id === '' ? '' : trees.get(id);
        if (tree === undefined)
            throw unreadable(`The commit ${id} is missing`);
        return tree;
    };
    const single = commits.map(({ id, tree, parents }) => ({
        commit: id,
        now: tree,
        before: parents.length > 0 ? parents.map(treeOf) : [''],
        isWhole: false,
    }));
    const whole = spans.map(({ tip, from, merged }) => ({
        commit: tip,
        now: treeOf(tip),
        before: [from, ...merged].map(treeOf),
        isWhole: true,
    }));
    return [...single, ...whole];
}

;// CONCATENATED MODULE: ./build/git-check/ancestry.js
/** A tip must be a commit that was made on top of the base. */


/** `heads`: what each of the tips is or stands for; empty: no commit. Each once is returned. */
async function checkAncestry(git, base, { tips, heads }, findings) {
    for (const [index, tip] of tips.entries()) {
        const where = { rule: 'ancestry', commit: tip };
        const head = heads[index] ?? '';
        if (head === '')
            throw new CheckStop({ ...where, detail: 'It is no commit, nor does it stand for one' });
        const detail = 'It was not made on top of the commit that the run began with';
        if (base !== '' && !(await isAncestor(git, base, head)))
            findings.add({ ...where, detail });
    }
    return [...new Set(heads)];
}

;// CONCATENATED MODULE: ./build/git-check/tree-difference.js
/** Asks git in what single directories differ, any number of pairs of them at once. */

const EMPTY_TREE = '4b825dc642cb6eb9a060e54bf8d69288fbee4904';
const EMPTY_TREE_SHA256 = '6ef19b41225c5369f1c104d45d8d85efa9b057b53b14b4b9b939dd74decc5321';
/** In the hash that `id` is of. git knows it without having it. */
const emptyTreeOf = (id) => id.length === 64 ? EMPTY_TREE_SHA256 : EMPTY_TREE;
const TREE = '040000';
const ABSENT = '000000';
const NONE = new Map();
const isTree = ({ mode }) => mode === TREE;
/** For each of `pairs`, in what `now` differs from each of `before`; empty ids are the empty tree. */
async function compareTrees(git, pairs) {
    const lineOf = (old, now) => `${old || emptyTreeOf(now)} ${now || emptyTreeOf(old)}`;
    const lines = new Set();
    for (const { now, before } of pairs)
        for (const old of before)
            if (old !== now)
                lines.add(lineOf(old, now));
    const found = await askDifferences(git, [...lines]);
    return pairs.map(({ now, before }) => before.map((old) => found.get(lineOf(old, now)) ?? NONE));
}
/** `<old> <new>\n` for each pair, then `:<modes> <ids> <letter>\0<name>\0` for each entry. */
async function askDifferences(git, lines) {
    const found = new Map();
    let difference = new Map();
    let header;
    const onStdout = splitRecords(0, (record) => {
        if (header !== undefined) {
            // Where a file takes a directory's place, git tells of each by itself.
            const name = record.toString();
            const [one, more] = [readVersions(header), difference.get(name)];
            difference.set(name, { old: one.old ?? more?.old, now: one.now ?? more?.now });
            header = undefined;
            return;
        }
        const text = record.toString('latin1');
        const line = text.lastIndexOf('\n');
        if (line >= 0) {
            difference = new Map();
            found.set(text.slice(text.lastIndexOf('\n', line - 1) + 1, line), difference);
        }
        header = text.slice(line + 1);
    });
    const args = ['diff-tree', '--stdin', '-z', '--raw', '--no-renames', '--no-abbrev'];
    if (lines.length > 0)
        await askGit(git, args, { input: linesOf(lines), onStdout });
    return found;
}
function readVersions(header) {
    const [oldMode = '', nowMode = '', oldId = '', nowId = ''] = header.slice(1).split(' ');
    return {
        old: oldMode === ABSENT ? undefined : { mode: oldMode, id: oldId },
        now: nowMode === ABSENT ? undefined : { mode: nowMode, id: nowId },
    };
}

;// CONCATENATED MODULE: ./build/git-check/change.js
/**
 * Lists what each commit does to which path; of a merge, what none of its parents has. git compares
 * single directories, each pair once: it would hold all files of a tree that repeats itself.
 */


const SYMLINK = '120000';
const SUBMODULE = '160000';
const MAX_CHANGES = 300_000;
const MAX_DEPTH = 100;
/** In the order of the comparisons; the whole says only what no single commit has said. */
async function listChanges(git, comparisons, maxFiles) {
    const changes = [];
    const paths = new Set();
    let looked = 0;
    let places = comparisons.map((one, order) => ({ ...one, path: '', order }));
    for (let depth = 0; places.length > 0; depth += 1) {
        if (depth > MAX_DEPTH)
            throw tooDeep();
        const differences = await compareTrees(git, places);
        const next = [];
        for (const [index, place] of places.entries()) {
            for (const change of split(place, differences[index] ?? [], next)) {
                changes.push(change);
                paths.add(change.path);
                if (paths.size > maxFiles)
                    throw tooMany(`More than ${maxFiles} files are touched`);
            }
            if (changes.length + looked + next.length > MAX_CHANGES)
                throw tooMany(`There are more than ${MAX_CHANGES} changes of files and directories`);
        }
        looked += next.length;
        places = next;
    }
    const keyOf = ({ path, now }) => `${now?.mode} ${now?.id} ${path}`;
    const said = new Set(changes.filter(({ isWhole }) => !isWhole).map(keyOf));
    return changes
        .filter((change) => !change.isWhole || !said.has(keyOf(change)))
        .toSorted((a, b) => a.order - b.order);
}
/** The files that differ from those of all parents; directories that may hold such go to `next`. */
function* split({ commit, path: directory, order, isWhole }, sides, next) {
    for (const name of sides[0]?.keys() ?? []) {
        const all = sides.flatMap((side) => side.get(name) ?? []);
        if (all.length < sides.length)
            continue;
        const now = all[0]?.now;
        const path = directory === '' ? name : `${directory}/${name}`;
        const before = all.flatMap(({ old }) => (old && !isTree(old) ? [old] : []));
        const file = now && !isTree(now) ? now : undefined;
        if (file || before.length > 0)
            yield { commit, path, order, isWhole, now: file, before };
        const trees = all.map(({ old }) => (old && isTree(old) ? old.id : ''));
        const tree = now && isTree(now) ? now.id : '';
        if (tree !== '' || trees.some((id) => id !== ''))
            next.push({ commit, path, order, isWhole, now: tree, before: trees });
    }
}
function tooMany(detail) {
    return new CheckStop({ rule: 'file-count', detail });
}
function tooDeep() {
    const detail = `Directories are more than ${MAX_DEPTH} deep`;
    return new CheckStop({ rule: 'path-alias', detail });
}

;// CONCATENATED MODULE: ./build/git-check/new-object.js


/** Of the names, modes and ids in one directory. */
const MAX_TREE_BYTES = 16 * 1024 * 1024;
/** Trees and versions of files come on top of commits. */
const MAX_OBJECTS = 300_000;
async function findNewObjects(git, { base, tips, known = [], policy }) {
    const old = base === '' ? known : [base, ...known];
    const commits = [];
    const paths = new Map();
    const onStdout = splitRecords(0x0a, (record) => {
        const line = record.toString();
        if (line.startsWith('commit '))
            return;
        const space = line.indexOf(' ');
        if (line.startsWith('=')) {
            const [id = '', tree = '', ...parents] = line.slice(1).trim().split(' ');
            commits.push({ id, tree, parents });
        }
        else
            paths.set(line.slice(0, space), line.slice(space + 1));
        if (commits.length > policy.maxCommits)
            throw tooManyCommits(policy.maxCommits);
        if (paths.size > MAX_OBJECTS)
            throw tooManyObjects();
    });
    const input = linesOf([...tips, ...old.map((id) => `^${id}`)]);
    const args = ['rev-list', '--objects', '--topo-order', '--format==%H %T %P', '--stdin'];
    await askGit(git, args, { input, onStdout });
    return { commits: commits.reverse(), paths };
}
/** By one git: to start one takes longer than what it is asked. */
async function describeObjects(git, { commits, paths }, { tips, base }) {
    const objects = new Map();
    const trees = new Map(commits.map(({ id, tree }) => [id, tree]));
    const parents = commits.flatMap((commit) => commit.parents);
    const old = [...new Set([...parents, base])].filter((id) => id !== '' && !trees.has(id));
    const answers = [];
    const first = 2 * tips.length + old.length;
    const onStdout = splitRecords(0x0a, (record) => {
        const answer = record.toString().split(' ');
        if (answers.length < first)
            return void answers.push(answer);
        const [id = '', type, size] = answer;
        if (size === undefined)
            throw unreadable(`${id} is missing`);
        if (type === 'tree' && Number(size) > MAX_TREE_BYTES)
            throw tooManyNames();
        const path = paths.get(id) ?? '';
        objects.set(id, { id, type: type, size: Number(size), path });
    });
    const names = [
        ...tips.flatMap((tip) => [`${tip}^{}`, `${tip}^{tree}`]),
        ...old.map((id) => `${id}^{tree}`),
        ...[...commits.map(({ id }) => id), ...paths.keys()],
    ];
    await askGit(git, ['cat-file', '--batch-check', '--buffer'], { input: linesOf(names), onStdout });
    const idOf = (index, wanted) => {
        const [id = '', type] = answers[index] ?? [];
        return type === wanted ? id : '';
    };
    const heads = tips.map((_, index) => idOf(2 * index, 'commit'));
    const known = [
        ...heads.map((head, index) => [head, 2 * index + 1]),
        ...old.map((id, index) => [id, 2 * tips.length + index]),
    ];
    for (const [id, index] of known) {
        const tree = idOf(index, 'tree');
        if (id !== '' && tree !== '')
            trees.set(id, tree);
    }
    return { objects, trees, heads };
}
function tooManyCommits(most) {
    return new CheckStop({ rule: 'commit-count', detail: `There are more than ${most} commits` });
}
function tooManyObjects() {
    const detail = `There are more than ${MAX_OBJECTS} versions of files and directories`;
    return new CheckStop({ rule: 'file-count', detail });
}
function tooManyNames() {
    const detail = `A directory has more than ${MAX_TREE_BYTES} bytes of names`;
    return new CheckStop({ rule: 'file-count', detail });
}

;// CONCATENATED MODULE: ./build/git-check/object-stream.js
/** Reads any number of objects through one git, without holding more of them than was asked for. */

const HEADER = /^([0-9a-f]{40,64}) (blob|tree|commit|tag) (\d+)$/;
/** Where nothing is, git repeats the name. */
const MISSING = / missing$/;
const MAX_HEADER = 64 * 1024;
async function streamObjects(git, names, reader) {
    if (names.length === 0)
        return;
    const parse = parseObjects(reader);
    const onStdout = async (chunk) => {
        parse(Buffer.from(chunk.buffer, chunk.byteOffset, chunk.byteLength));
        await reader.onBytes?.(chunk);
    };
    await askGit(git, ['cat-file', '--batch', '--buffer'], { input: linesOf(names), onStdout });
}
/** `<id> <type> <size>\n<content>\n` for each object. */
function parseObjects(reader) {
    const { onObject, onContent, isSparse = false } = reader;
    let header = '';
    let index = 0;
    /** Of the content and the line break after it. */
    let left = 0;
    let position = 0;
    let object;
    let kept;
    function begin() {
        const [, id = '', type, size] = HEADER.exec(header) ?? [];
        const isPassed = isSparse && !type && MISSING.test(header);
        header = '';
        index += 1;
        if (isPassed)
            return;
        if (!type)
            throw unreadable('An object is missing');
        object = { id, type, index: index - 1, start: position, end: position + Number(size) };
        left = Number(size) + 1;
        kept = onObject?.(object) ? [] : undefined;
    }
    function finish() {
        if (object && kept)
            onContent?.(object, Buffer.concat(kept).subarray(0, -1));
    }
    return (chunk) => {
        for (let at = 0; at < chunk.length;) {
            if (left === 0) {
                const end = chunk.indexOf(0x0a, at);
                const until = end < 0 ? chunk.length : end;
                header += chunk.toString('latin1', at, until);
                if (header.length > MAX_HEADER)
                    throw unreadable('git said something unexpected');
                position += until - at + (end < 0 ? 0 : 1);
                at = until + 1;
                if (end >= 0)
                    begin();
            }
            else {
                const part = chunk.subarray(at, at + left);
                kept?.push(Buffer.from(part));
                left -= part.length;
                position += part.length;
                at += part.length;
                if (left === 0)
                    finish();
            }
        }
    };
}

;// CONCATENATED MODULE: ./build/git-check/path-name.js
/** Names that file systems take for other names: by case, by Unicode, by Windows' and macOS's rules. */
/** HFS+ does not see some of these, ext4 with case folding none of them. */
const IGNORED = /\p{Default_Ignorable_Code_Point}/gu;
const SHORT_NAME = /^[^.~]{1,6}~\d{1,6}(?:\.[^.]{0,3})?$/;
/** No colon, and neither dot nor space at the end. */
const PLAIN = /^[!-9;-~]*[!-\-/-9;-~]$/;
/**
 * Equal for names that are one file somewhere. NTFS ends a name at a colon, and drops dots and
 * spaces at its end. Also for paths, name by name.
 */
function foldName(name) {
    if (name.includes('/'))
        return name.split('/').map(foldName).join('/');
    if (PLAIN.test(name))
        return name.toLowerCase();
    // Decomposed first: case changes the order that marks are sorted by.
    const seen = name.replace(IGNORED, '').normalize('NFD');
    const kept = seen.replace(/(?!^):.*$/s, '').replace(/(?<=[^. ])[. ]+$/, '');
    // To and fro, so that the long s, the Kelvin sign and both sharp s become letters.
    return kept.toLowerCase().toUpperCase().toLowerCase().normalize('NFC');
}
/** Whether Windows may have made up the name, for a longer one that it then stands for. */
const isShortName = (name) => SHORT_NAME.test(name);
/** Why one name of a path is not taken as it is; undefined: nothing is wrong with it. */
function nameFault(name) {
    if (name === '' || name === '.' || name === '..')
        return 'it has a name that is no name';
    if (name.includes('\ufffd'))
        return 'it has a name that is not UTF-8';
    if (/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/u.test(name))
        return 'it has a name with hidden characters';
    if (name.includes('\\'))
        return 'it has a name with a backslash, which Windows takes for a slash';
    if (foldName(name) === '.git')
        return 'it has a name that stands for .git';
    if (isShortName(name))
        return 'it has a name that Windows takes for a longer one';
    return undefined;
}
const MAX_PATH = 4096;
function pathFault(path) {
    if (path.length > MAX_PATH)
        return `it is longer than ${MAX_PATH} characters`;
    return path
        .split('/')
        .map(nameFault)
        .find((fault) => fault !== undefined);
}

;// CONCATENATED MODULE: ./build/git-check/collision.js
/** Finds names in one directory that are one file on a file system that folds case or Unicode. */






const MAX_TREES = 50_000;
const MAX_FOUND = 1000;
/** Only names that the change adds count, and only where both were not there before. */
async function checkCollisions(inspection) {
    const { git, changes, objects } = inspection;
    const added = listNames(changes.filter(({ now, before }) => now && before.length === 0));
    const ever = await listEver(inspection, added);
    const suspects = new Set([...ever]
        .filter(([path, names]) => pairsIn(path, names, added).length > 0)
        .map(([path]) => path));
    const trees = new Map();
    for (const { id, type, path } of objects.values())
        if (type === 'tree' && suspects.has(path))
            trees.set(id, path);
    const found = new Map();
    await streamObjects(git, [...trees.keys()], {
        onObject: () => true,
        onContent: ({ id }, content) => {
            const names = namesIn(content, id.length / 2);
            for (const pair of pairsIn(trees.get(id) ?? '', names, added))
                if (found.size < MAX_FOUND)
                    found.set(`${pair.directory}/${pair.names.join('/')}`, pair);
        },
    });
    await report(inspection, [...found.values()]);
}
/** Each name of each path, by the directory that it stands in. */
function listNames(changes) {
    const names = new Map();
    for (const { path } of changes)
        for (let at = path; at !== ''; at = parentOf(at)) {
            const inside = names.get(parentOf(at)) ?? new Set();
            names.set(parentOf(at), inside);
            if (inside.has(external_node_path_.posix.basename(at)))
                break;
            inside.add(external_node_path_.posix.basename(at));
        }
    return names;
}
const parentOf = (path) => path.slice(0, Math.max(0, path.lastIndexOf('/')));
/** What a directory had at any time: what it has at the beginning or the end, and what changed. */
async function listEver({ git, spans, changes }, added) {
    const changed = listNames(changes);
    // git is asked by lines; such a name is refused anyhow.
    const directories = [...added.keys()].filter((path) => !path.includes('\n'));
    const ever = new Map(directories.map((path) => [path, new Set(changed.get(path))]));
    const commits = new Set(spans.flatMap(({ tip, from, merged }) => [tip, from, ...merged].filter(Boolean)));
    if (commits.size * directories.length > MAX_TREES)
        throw tooManyTrees();
    const places = [...commits].flatMap((commit) => directories.map((path) => ({ commit, path })));
    const names = places.map(({ commit, path }) => `${commit}:${path}`);
    await streamObjects(git, names, {
        isSparse: true,
        onObject: ({ type, start, end }) => type === 'tree' && end - start <= MAX_TREE_BYTES,
        onContent: ({ id, index }, content) => {
            const inside = ever.get(places[index]?.path ?? '');
            for (const name of namesIn(content, id.length / 2))
                inside?.add(name);
        },
    });
    return ever;
}
/** `<mode> <name>\0<id>` for each entry. */
function* namesIn(tree, idBytes) {
    for (let at = 0; at < tree.length;) {
        const space = tree.indexOf(0x20, at);
        const nul = tree.indexOf(0, space);
        if (space < 0 || nul < 0)
            return;
        yield tree.toString('utf8', space + 1, nul);
        at = nul + 1 + idBytes;
    }
}
function pairsIn(directory, names, added) {
    const fresh = added.get(directory);
    const byFold = new Map();
    const pairs = [];
    for (const name of names) {
        const folded = foldName(name);
        const other = byFold.get(folded);
        if (other !== undefined && (fresh?.has(name) || fresh?.has(other)))
            pairs.push({ directory, names: [other, name] });
        byFold.set(folded, name);
    }
    return pairs;
}
async function report(inspection, found) {
    const { git, spans, changes, findings, show } = inspection;
    if (found.length === 0)
        return;
    const paths = found.flatMap(({ directory, names }) => names.map((name) => (directory === '' ? name : `${directory}/${name}`)));
    const olds = [];
    for (const commit of new Set(spans.flatMap(({ from, merged }) => [from, ...merged])))
        if (commit !== '')
            olds.push(await existing(git, commit, paths));
    for (const index of found.keys()) {
        const [one = '', other = ''] = paths.slice(index * 2);
        if (olds.some((old) => old[index * 2] && old[index * 2 + 1]))
            continue;
        const isBelow = ({ path }) => path === other || path.startsWith(`${other}/`);
        const detail = `It is the same file as ${show(one)} where case or Unicode forms do not count`;
        const commit = changes.find(isBelow)?.commit ?? '';
        findings.add({ rule: 'path-alias', commit, path: show(other), detail });
    }
}
/** Whether each of the paths is in the commit. */
async function existing(git, commit, paths) {
    const input = linesOf(paths.map((path) => `${commit}:${path.replaceAll('\n', '')}`));
    const answer = await askGit(git, ['cat-file', '--batch-check'], { input });
    return answer
        .toString()
        .split('\n')
        .map((line) => !line.endsWith(' missing'));
}
function tooManyTrees() {
    const detail = `Files are added to more than ${MAX_TREES} directories`;
    return new CheckStop({ rule: 'file-count', detail });
}

;// CONCATENATED MODULE: ./build/git-check/attribute.js
/** Finds attributes that make git run a program of whoever checks out, merges or looks at a file. */


const MAX_ATTRIBUTES_BYTES = 64 * 1024;
const DRIVER = /^(filter|diff|merge|working-tree-encoding)=(.+)$/;
/** They come with git and run nothing. */
const BUILT_IN = new Set([
    ...['merge=text', 'merge=binary', 'merge=union', 'working-tree-encoding=UTF-8'],
    ...['ada', 'bash', 'bibtex', 'cpp', 'csharp', 'css', 'dts', 'elixir', 'fortran', 'fountain'],
    ...['golang', 'html', 'java', 'kotlin', 'markdown', 'matlab', 'objc', 'pascal', 'perl', 'php'],
    ...['python', 'ruby', 'rust', 'scheme', 'tex'],
].map((name) => (name.includes('=') ? name : `diff=${name}`)));
/** They count in every directory. */
const isAttributes = ({ path }) => foldName(path.slice(path.lastIndexOf('/') + 1)) === '.gitattributes';
/** `contents`: of small enough files, by their id. */
function checkAttributes({ changes, findings, show }, contents) {
    for (const change of changes) {
        const { commit, path, now, before } = change;
        if (!now || !isAttributes(change))
            continue;
        const where = { rule: 'gitattributes', commit, path: show(path) };
        const content = contents.get(now.id);
        if (content === undefined || now.mode === SYMLINK) {
            findings.add({ ...where, detail: 'It is too large, or a link' });
            continue;
        }
        const old = before.flatMap(({ id }) => findDrivers(contents.get(id) ?? NOTHING));
        for (const { text, line, attribute, action } of findDrivers(content))
            if (!old.some((one) => one.text === text)) {
                const detail = `The attribute ${attribute} makes git run a program of whoever reads it`;
                findings.add({ ...where, action, line, detail });
            }
    }
}
const NOTHING = Buffer.alloc(0);
/** The lines of a `.gitattributes` that name a driver. Of a line, the gravest. */
function findDrivers(content) {
    return content
        .toString()
        .split('\n')
        .flatMap((text, index) => {
        const drivers = text
            .trim()
            .split(/\s+/)
            .filter((word) => DRIVER.test(word) && !BUILT_IN.has(word));
        const gravest = drivers.find((word) => !isLargeFileStorage(word)) ?? drivers[0];
        if (gravest === undefined || text.startsWith('#'))
            return [];
        const action = isLargeFileStorage(gravest) ? 'review' : 'block';
        const attribute = DRIVER.exec(gravest)?.[1] ?? '';
        return [{ text: text.trim(), line: index + 1, attribute, action }];
    });
}
/** The one driver that most machines have, under this name. */
const isLargeFileStorage = (word) => /^(?:filter|diff|merge)=lfs$/.test(word);

;// CONCATENATED MODULE: ./build/git-check/module-file.js
/** Checks what a `.gitmodules` says, where submodules are allowed at all. */


const MAX_MODULES_BYTES = 64 * 1024;
const isModules = ({ path }) => foldName(path) === '.gitmodules';
/** `contents`: of small enough files, by their id. Without submodules `checkPaths` refuses all. */
function checkModules({ changes, policy, findings, show }, contents) {
    if (!policy.allowSubmodules)
        return;
    for (const change of changes) {
        const { commit, path, now } = change;
        if (!now || !isModules(change))
            continue;
        const content = now.mode === SYMLINK ? undefined : contents.get(now.id);
        const detail = modulesFault(content);
        if (detail !== undefined)
            findings.add({ rule: 'submodule', commit, path: show(path), detail });
    }
}
/**
 * git writes a path with a carriage return at its end, and reads it back without (CVE-2025-48384).
 * Names, addresses and commands are looked at by git's own check of the object.
 */
function modulesFault(content) {
    if (content === undefined)
        return 'It is too large, or a link';
    const text = content.toString().replaceAll('\r\n', '\n');
    return /[^\P{C}\n\t]/u.test(text) ? 'It has hidden characters' : undefined;
}

;// CONCATENATED MODULE: ./build/git-check/secret-check.js

const MAX_SUSPECTS = 500;
/** In one file, those of before included. */
const MAX_MATCHES = 10_000;
/** Of what one commit deletes, and so may only have moved. */
const MAX_DELETED = 20;
async function checkSuspects(inspection, suspects) {
    const { objects, findings } = inspection;
    let looked = 0;
    for (const id of suspects) {
        const object = objects.get(id);
        if (!object || object.type === 'tree')
            continue;
        if (findings.isFull('secret'))
            return;
        looked += 1;
        if (looked > MAX_SUSPECTS) {
            findings.add({ rule: 'secret', detail: `More than ${MAX_SUSPECTS} files look like secrets` });
            return;
        }
        await checkSuspect(inspection, object);
    }
}
async function checkSuspect(inspection, object) {
    const { findings, show } = inspection;
    const origin = inspection.origins.get(object.id);
    const content = await readObject(inspection, object.id);
    const matches = await inspection.search.find(content, MAX_MATCHES);
    if (matches.length === 0)
        return;
    if (matches.length >= MAX_MATCHES) {
        const detail = `More than ${MAX_MATCHES} places in a file look like secrets`;
        findings.add({ rule: 'secret', path: origin ? show(origin.path) : '', detail });
        return;
    }
    const texts = new Map(matches.map((match) => [textOf(content, match), match]));
    if (origin)
        await dropKnown(inspection, origin, texts);
    const told = new Set();
    for (const { label, start } of texts.values()) {
        const { line, holder } = placeOf(object, content, start);
        if (told.has(`${label}\0${line}`))
            continue;
        told.add(`${label}\0${line}`);
        findings.add({
            rule: 'secret',
            commit: object.type === 'commit' ? object.id : (origin?.commit ?? ''),
            path: origin ? show(origin.path) : '',
            line,
            detail: `${holder} holds a secret: ${label}`,
        });
    }
}
const textOf = (content, { start, end }) => content.toString('latin1', start, end);
/** In a commit or a tag, line 1 is the first of the message; what is before it has no line. */
function placeOf({ type }, content, start) {
    const message = type === 'blob' ? 0 : content.indexOf('\n\n') + 2;
    if (start < message)
        return { line: 0, holder: `A name in the ${type}` };
    let line = 1;
    for (let at = content.indexOf(0x0a, message); at >= 0 && at < start; line += 1)
        at = content.indexOf(0x0a, at + 1);
    return { line, holder: type === 'blob' ? 'The file' : `The message of the ${type}` };
}
async function readObject({ git }, id) {
    let read = Buffer.alloc(0);
    await streamObjects(git, [id], {
        onObject: () => true,
        onContent: (_, content) => {
            read = content;
        },
    });
    return read;
}
/** What the file had before, or one had that the commit deletes, is not what this change adds. */
async function dropKnown({ git, changes, policy }, { commit, before }, texts) {
    const deleted = changes.filter((change) => change.commit === commit && !change.now);
    const known = [...before, ...deleted.slice(0, MAX_DELETED).flatMap((change) => change.before)];
    await streamObjects(git, known.filter(({ mode }) => mode !== '160000').map(({ id }) => id), {
        onObject: ({ start, end }) => end - start <= policy.maxFileBytes,
        onContent: (_, content) => {
            for (const text of texts.keys())
                if (content.includes(text, 0, 'latin1'))
                    texts.delete(text);
        },
    });
}

;// CONCATENATED MODULE: ./build/git-check/secret-watch.js
function watchForSecrets(search) {
    const stream = search.stream();
    const objects = [];
    const suspects = new Set();
    const note = (matches) => {
        for (const { start, end } of matches)
            for (let at = lastBefore(objects, end); at >= 0; at -= 1) {
                const object = objects[at];
                if (object.end <= start)
                    break;
                suspects.add(object.id);
            }
    };
    return {
        begin: (object) => void objects.push(object),
        push: async (chunk) => note(await stream.push(chunk)),
        end: async () => {
            note(await stream.end());
            return suspects;
        },
    };
}
/** The last object that begins before `position`; -1: none does. */
function lastBefore(objects, position) {
    let [low, high] = [0, objects.length];
    while (low < high) {
        const middle = (low + high) >> 1;
        if ((objects[middle]?.start ?? 0) < position)
            low = middle + 1;
        else
            high = middle;
    }
    return low - 1;
}

;// CONCATENATED MODULE: ./build/git-check/symlink.js
/** Checks where symbolic links lead: as they are written, and as the tree makes them lead. */





const MAX_TARGET = 4096;
const MAX_LINKS = 200_000;
const MAX_ANSWER = 64 * 1024 * 1024;
/** Why the text of a link leads out of the tree or into `.git`; undefined: it does not by itself. */
function targetFault(path, target) {
    if (target === '' || target.includes('\0'))
        return 'has no target';
    if (/^(?:\/|[A-Za-z]:)|\\/.test(target))
        return 'leads out of the tree';
    const names = target.split('/').filter((name) => !['', '.', '..'].includes(name));
    if (names.some((name) => nameFault(name) !== undefined))
        return 'leads to a name that is not allowed';
    const from = external_node_path_.posix.join(external_node_path_.posix.dirname(path), target);
    return from === '..' || from.startsWith('../') ? 'leads out of the tree' : undefined;
}
/**
 * `contents`: of links that are not too long, by their id. A link may lead out because of other
 * links, of this change or not, in its own commit or in a later one.
 */
async function checkSymlinks({ git, changes, spans, findings, show }, contents) {
    const questions = new Map();
    const add = (commit, path, what) => findings.add({ rule: 'symlink', commit, path: show(path), detail: `The link ${what}` });
    for (const { commit, path, now } of changes) {
        if (now?.mode !== SYMLINK)
            continue;
        const target = contents.get(now.id)?.toString();
        const fault = target === undefined ? 'has too long a target' : targetFault(path, target);
        if (fault !== undefined)
            add(commit, path, fault);
        else if (pathFault(path) === undefined)
            for (const at of [commit, ...spans.map(({ tip }) => tip)])
                questions.set(`${at}:${path}`, { commit: at, path });
        if (questions.size > MAX_LINKS)
            throw tooManyLinks();
    }
    if (questions.size === 0)
        return;
    const args = ['cat-file', '--batch-check', '--buffer', '--follow-symlinks'];
    const input = linesOf([...questions.keys()]);
    const answers = await askGit(git, args, { input, maxBytes: MAX_ANSWER });
    const asked = questions.values();
    for (const answer of readAnswers(answers)) {
        const { commit, path } = asked.next().value ?? { commit: '', path: '' };
        if (answer === 'symlink')
            add(commit, path, 'leads out of the tree through other links');
    }
}
/** The kind of each answer; some are followed by a line of so many bytes. */
function* readAnswers(bytes) {
    for (let at = 0; at < bytes.length;) {
        const end = bytes.indexOf(0x0a, at);
        const line = bytes.toString('latin1', at, end);
        const [, kind, size] = /^(symlink|dangling|loop|notdir) (\d+)$/.exec(line) ?? [];
        yield kind ?? 'object';
        at = end + 1 + (size === undefined ? 0 : Number(size) + 1);
    }
}
function tooManyLinks() {
    return new CheckStop({ rule: 'symlink', detail: `There are more than ${MAX_LINKS} links` });
}

;// CONCATENATED MODULE: ./build/git-check/content-check.js
/** Reads everything that a change brings, once, and has each check look at what it needs. */








/** Of one commit or tag with all that stands in it. */
const MAX_MESSAGE_BYTES = 1024 * 1024;
/** Unpacked, of all versions of all files. */
const MAX_CONTENT_BYTES = 2 * 1024 ** 3;
/** Objects that are kept until all are read. */
const MAX_KEPT = 10_000;
/** `searched`: ids of what is looked through for secrets; see `listSearched`. */
async function checkContents(inspection, searched) {
    const { git, search } = inspection;
    const wanted = listWanted(inspection);
    const kept = new Map();
    const suspects = watchForSecrets(search);
    await streamObjects(git, [...new Set([...searched, ...wanted.keys()])], {
        onBytes: suspects.push,
        onObject: (object) => {
            suspects.begin(object);
            return object.end - object.start <= (wanted.get(object.id) ?? -1);
        },
        onContent: ({ id }, content) => void kept.set(id, content),
    });
    checkAttributes(inspection, kept);
    checkModules(inspection, kept);
    await checkSymlinks(inspection, kept);
    await checkSuspects(inspection, await suspects.end());
}
/** What the checks of single files want to read, and how much of it: ids of blobs → most bytes. */
function listWanted({ changes }) {
    const wanted = new Map();
    for (const change of changes) {
        const { now, before } = change;
        if (now === undefined)
            continue;
        if (now.mode === SYMLINK)
            wanted.set(now.id, MAX_TARGET);
        else if (isModules(change))
            wanted.set(now.id, MAX_MODULES_BYTES);
        else if (isAttributes(change))
            for (const { id } of [now, ...before])
                wanted.set(id, MAX_ATTRIBUTES_BYTES);
        if (wanted.size > MAX_KEPT)
            throw new CheckStop({ rule: 'symlink', detail: `There are more than ${MAX_KEPT} links` });
    }
    return wanted;
}
/** Ids of all commits, tags and files. Too large ones are not among them, but told of. */
function listSearched(inspection) {
    const { objects, policy, origins, findings, show } = inspection;
    const ids = [];
    let bytes = 0;
    for (const { id, type, size } of objects.values()) {
        if (type === 'tree')
            continue;
        const most = type === 'blob' ? policy.maxFileBytes : MAX_MESSAGE_BYTES;
        if (size > most) {
            const origin = origins.get(id);
            const commit = origin?.commit ?? (type === 'commit' ? id : '');
            const detail = `The ${type} has ${size} bytes, and ${most} are allowed`;
            findings.add({ rule: 'file-size', commit, path: show(origin?.path ?? ''), detail });
            continue;
        }
        ids.push(id);
        bytes += size;
        if (bytes > MAX_CONTENT_BYTES)
            throw tooMuch();
    }
    return ids;
}
function tooMuch() {
    const detail = `All versions of all files have more than ${MAX_CONTENT_BYTES} bytes`;
    return new CheckStop({ rule: 'patch-size', detail });
}

;// CONCATENATED MODULE: ./build/git-check/inspection.js
/** What all checks of one change share: what it brings, what is allowed, and where findings go. */

function findOrigins(changes) {
    const origins = new Map();
    for (const change of changes)
        if (change.now && !origins.has(change.now.id))
            origins.set(change.now.id, change);
    return origins;
}
const MAX_SHOWN = 300;
/** So far apart that nothing is found across two of them. */
const BETWEEN = '\n'.repeat(20);
/** Finds the secrets that stand in paths; what it returns shows a path without them. */
async function coverPaths(search, changes, findings) {
    const commits = new Map();
    for (const { path, commit } of changes)
        if (!commits.has(path))
            commits.set(path, commit);
    const text = Buffer.from([...commits.keys()].join(BETWEEN));
    const matches = await search.find(text);
    const secrets = new Set(matches.map(({ start, end }) => text.toString('utf8', start, end)));
    const show = (path) => {
        let shown = path;
        for (const secret of secrets)
            shown = shown.replaceAll(secret, '***');
        return printable(shown, MAX_SHOWN);
    };
    const told = new Set();
    for (const { start, label } of matches) {
        const from = text.lastIndexOf(BETWEEN, start);
        const until = text.indexOf(BETWEEN, start);
        const begin = from < 0 ? 0 : from + BETWEEN.length;
        const path = text.toString('utf8', begin, until < 0 ? text.length : until);
        if (told.has(`${label}\0${path}`))
            continue;
        told.add(`${label}\0${path}`);
        const commit = commits.get(path) ?? '';
        const detail = `The name of the file holds a secret: ${label}`;
        findings.add({ rule: 'secret', commit, path: show(path), detail });
    }
    return show;
}

;// CONCATENATED MODULE: ./build/git-check/patch-size.js
/** Measures the whole change as a patch, and stops where it is over the limit. */



/** The longest that may stand before `Binary files`: two quoted paths and two ids. */
const patch_size_MAX_HEADER = 65_536;
const BINARY = /\nindex [0-9a-f]+\.\.([0-9a-f]+)[^\n]*\nBinary files /g;
/**
 * A binary file counts with its size. Of what is merged only what no parent has is new, so the
 * smallest patch counts where there are several to compare with.
 */
async function checkPatchSize(inspection) {
    const { spans, policy } = inspection;
    for (const { tip, from, merged } of spans) {
        let fits = false;
        for (const old of [from || emptyTreeOf(tip), ...merged])
            fits ||= await isWithin(inspection, old, tip);
        const detail = `The patch has more than ${policy.maxPatchBytes} bytes`;
        if (!fits)
            throw new CheckStop({ rule: 'patch-size', detail });
    }
}
async function isWithin({ git, policy, objects }, old, tip) {
    const tooLarge = new CheckStop({ rule: 'patch-size', detail: '' });
    let bytes = 0;
    let tail = '';
    const onStdout = (chunk) => {
        const text = tail + Buffer.from(chunk).toString('latin1');
        let seen = 0;
        for (const match of text.matchAll(BINARY)) {
            bytes += objects.get(match[1] ?? '')?.size ?? 0;
            seen = match.index + match[0].length;
        }
        tail = text.slice(Math.max(seen, text.length - patch_size_MAX_HEADER));
        bytes += chunk.length;
        if (bytes > policy.maxPatchBytes)
            throw tooLarge;
    };
    const args = ['diff-tree', '-p', '-r', '--no-renames', '--full-index', '--no-ext-diff'];
    const options = ['--no-textconv', '--no-color', '--submodule=short'];
    try {
        await askGit(git, [...args, ...options, old, tip], { onStdout });
        return true;
    }
    catch (error) {
        if (error === tooLarge)
            return false;
        throw error;
    }
}

;// CONCATENATED MODULE: ./build/git-check/protected-path.js
/** Which paths a change may not touch, or not without somebody who looks at it. */

/** A path counts as every path that some file system takes it for. */
function protectPaths(paths) {
    const rules = paths.map((path) => ({ path, pattern: patternOf(foldName(path.glob)) }));
    return (path) => {
        const folded = foldName(path);
        return rules.find(({ pattern }) => pattern.test(folded))?.path;
    };
}
/** `a/**` stands for `a` too: a link in its place would be what all files below it were. */
function patternOf(glob) {
    const source = glob
        .replace(/[.+^${}()|[\]\\]/g, '\\$&')
        .replace(/^\/|\/$/g, '')
        .replace(/\*\*\/|\/\*\*$|\*+|\?/g, (wild) => {
        if (wild === '**/')
            return '(?:[^/]+/)*';
        if (wild === '/**')
            return '(?:/.*)?';
        return wild === '?' ? '[^/]' : wild === '**' ? '.*' : '[^/]*';
    });
    return new RegExp(`^${source}$`, 's');
}

;// CONCATENATED MODULE: ./build/git-check/path-check.js
/** Checks which paths a change touches: protected ones, aliases of others, submodules. */




function checkPaths({ changes, policy, findings, show }) {
    const protection = protectPaths(policy.protectedPaths);
    const seen = new Set();
    for (const change of changes) {
        const { commit, path } = change;
        const add = (rule, detail, action = 'block') => {
            if (!findings.isFull(rule))
                findings.add({ rule, action, commit, path: show(path), detail });
        };
        if (!policy.allowSubmodules && isSubmoduleChange(change))
            add('submodule', 'It adds or changes a submodule');
        if (seen.has(path))
            continue;
        seen.add(path);
        const fault = pathFault(path);
        if (fault !== undefined)
            add('path-alias', `The path is not allowed: ${fault}`);
        const rule = protection(path);
        if (rule !== undefined)
            add('protected-path', `The path is protected: ${rule.glob}`, rule.action);
    }
}
function isSubmoduleChange(change) {
    return change.now !== undefined && (change.now.mode === SUBMODULE || isModules(change));
}

;// CONCATENATED MODULE: ./build/git-check/check-commits.js
/** Checks every commit that a change brings, before anybody else sees a byte of it. */












/**
 * All commits, trees, files, tags and names that the tips have and neither `base` nor `known` has.
 * The objects must have come in by `takePack`, which is where their form is checked, or through a
 * receive-pack with `STRICT_RECEIVE`. Throws only when the runner cannot start git, or is aborted.
 */
async function checkCommits(git, request) {
    const findings = collectFindings();
    try {
        await inspect(git, request, findings);
    }
    catch (error) {
        if (!(error instanceof CheckStop))
            throw error;
        findings.add(error.finding);
    }
    return findings.list();
}
const MAX_TIPS = 200;
const ID = /^(?:[0-9a-f]{40}|[0-9a-f]{64})$/;
async function inspect(git, request, findings) {
    const { base, policy, known = [] } = request;
    const tips = [...new Set(request.tips)];
    const isId = (id) => ID.test(id);
    if (![...tips, ...known].every(isId) || (base !== '' && !isId(base)))
        throw unreadable('Something that is no object id was to be checked');
    if (tips.length > MAX_TIPS)
        throw new CheckStop({ rule: 'ref-name', detail: `There are more than ${MAX_TIPS} tips` });
    const found = await findNewObjects(git, { base, tips, known, policy });
    const { objects, trees, heads: shown } = await describeObjects(git, found, { tips, base });
    const heads = await checkAncestry(git, base, { tips, heads: shown }, findings);
    const { commits } = found;
    const spans = await findSpans(git, commits, heads, base);
    const changes = await listChanges(git, listComparisons(commits, spans, trees), policy.maxFiles);
    const search = searchSecrets(policy.secrets);
    const show = await coverPaths(search, changes, findings);
    const origins = findOrigins(changes);
    const scope = { git, policy, spans, objects, changes, origins };
    const inspection = { ...scope, search, findings, show };
    checkPaths(inspection);
    const searched = listSearched(inspection);
    // git would hold a file that is too large as a whole.
    const isLarge = findings.has('file-size');
    await together(checkContents(inspection, searched), checkCollisions(inspection), isLarge ? undefined : checkPatchSize(inspection));
}
/** Leaves nothing running behind: the first failure is thrown when all have ended. */
async function together(...tasks) {
    await Promise.allSettled(tasks);
    return Promise.all(tasks);
}

;// CONCATENATED MODULE: ./build/git-check/ref-name.js
/** Which names of refs are plain enough for every git, file system and command line. */



const MAX_NAME = 250;
const ALLOWED = /^refs\/(?:heads|tags|notes)\/./;
/** `git check-ref-format`, and what the shells of file systems make of a name. */
const FORBIDDEN = /\.\.|@\{|[\0-\x20\x7f~^:?*[\\]|(?:^|\/)[.-]|\.(?:\/|$)|\.lock(?:\/|$)|\/\/|\/$/;
/** git takes these for something else, wherever they stand. */
const SPECIAL = /^(?:@|HEAD|.*_HEAD|[0-9a-f]{40}|[0-9a-f]{64})$/i;
/** Full names, such as `refs/heads/main`. The path of a finding is the ref. */
function checkRefs(refs) {
    const findings = collectFindings();
    const add = (ref, detail) => findings.add({ rule: 'ref-name', path: printable(ref, 100), detail });
    const names = new Map();
    for (const ref of refs) {
        const fault = refNameFault(ref);
        if (fault !== undefined)
            add(ref, fault);
        const folded = foldName(ref);
        if (names.has(folded))
            add(ref, 'another ref has the same name but for its case');
        names.set(folded, ref);
    }
    for (const folded of names.keys())
        for (let at = folded.indexOf('/'); at >= 0; at = folded.indexOf('/', at + 1))
            if (names.has(folded.slice(0, at)))
                add(names.get(folded) ?? '', 'it stands below another ref');
    return findings.list();
}
/** Undefined: it is a good name of a branch, a tag or notes. */
function refNameFault(ref) {
    if (ref.length > MAX_NAME)
        return `it is longer than ${MAX_NAME} characters`;
    if (!ALLOWED.test(ref))
        return 'it is neither a branch nor a tag nor notes';
    if (FORBIDDEN.test(ref))
        return 'git does not allow such a name';
    const parts = ref.split('/').slice(2);
    if (parts.some((part) => SPECIAL.test(part)))
        return 'git would take it for something else';
    return parts.map(nameFault).find((fault) => fault !== undefined);
}

;// CONCATENATED MODULE: ./build/gateway/git-gate/ref-glob.js
/** Which refs a push may write, by globs of their whole names. */
/** `*` and `?` stop at a slash, `**` does not. */
function compileRefs(globs) {
    const patterns = globs.map((glob) => new RegExp(`^(?:${sourceOf(glob)})$`, 's'));
    return (ref) => patterns.some((pattern) => pattern.test(ref));
}
function sourceOf(glob) {
    return glob.replace(/\*+|\?|[^\w/]/g, (token) => {
        if (token === '?')
            return '[^/]';
        if (token.startsWith('*'))
            return token === '*' ? '[^/]*' : '.*';
        return `\\${token}`;
    });
}

;// CONCATENATED MODULE: ./build/gateway/git-gate/judge.js
/** Judges a push before anybody but the gate has seen it: its refs, and every commit that is new. */




const MAX_REFS = 200;
/** Empty: nothing speaks against it. `git` sees the objects of the push. */
async function judgePush(git, refs, { repository, policy }) {
    const named = judgeNames(refs, repository);
    if (named.length > 0)
        return named;
    const lost = await judgeLosses(git, refs, repository);
    if (lost.length > 0)
        return lost;
    const tips = refs.filter((ref) => !isZero(ref.new)).map((ref) => ref.new);
    if (tips.length === 0)
        return [];
    const known = await idsOfRefs(git);
    return checkCommits(git, { base: '', tips: [...new Set(tips)], known, policy });
}
function judgeNames(refs, { name, refs: globs }) {
    if (refs.length > MAX_REFS) {
        return [refused('', `more than ${MAX_REFS} refs were pushed at once`)];
    }
    const secret = refs.find(({ ref, shown }) => shown !== ref);
    if (secret !== undefined) {
        return [{ ...refused(secret.shown, 'the name of the ref holds a secret'), rule: 'secret' }];
    }
    const names = refs.map(({ ref }) => ref);
    const isAllowed = compileRefs(globs);
    const others = names.filter((ref) => !isAllowed(ref));
    return [
        ...checkRefs(names),
        ...others.map((ref) => refused(ref, `${name} takes ${globs.join(', ')} alone`)),
    ];
}
/** git itself looks at this only when the push has been accepted, which is too late for an upstream. */
async function judgeLosses(git, refs, { name, allowForce }) {
    if (allowForce)
        return [];
    const lost = [];
    for (const { ref, old, new: now } of refs) {
        if (isZero(old))
            continue;
        if (isZero(now))
            lost.push(refused(ref, `${name} allows no ref to be deleted`));
        else if (ref.startsWith('refs/tags/'))
            lost.push(refused(ref, `${name} lets tags be as they are`));
        else if (!(await judge_isAncestor(git, old, now))) {
            lost.push(refused(ref, `${name} allows no push that takes commits away (no force)`));
        }
    }
    return lost;
}
async function judge_isAncestor(git, old, now) {
    return (await git(['merge-base', '--is-ancestor', old, now])).exitCode === 0;
}
/** What has been here before: the upstream's, and what the guest has pushed and was looked at. */
async function idsOfRefs(git) {
    const { stdout } = await git(['for-each-ref', '--format=%(objectname)']);
    return [...new Set(stdout.toString().split('\n').filter(Boolean))];
}
function isZero(id) {
    return /^0+$/.test(id);
}
function refused(ref, detail) {
    return { rule: 'ref-name', action: 'block', commit: '', path: printable(ref), line: 0, detail };
}

;// CONCATENATED MODULE: ./build/gateway/git-gate/upstream-fault.js
/** Says why an upstream did not do what git asked, from what git says of it. */

/** The first that fits. */
const FAULTS = [
    [
        /CONNECT tunnel failed|Received HTTP code \d+ from proxy|resolve proxy|Proxy CONNECT aborted/i,
        'upstream-connect',
        "the runner's proxy did not let it through",
    ],
    [/returned error: 30\d/, 'upstream-refused', 'it answers that the repository is elsewhere'],
    [
        /returned error: (?:401|403)|could not read (?:Username|Password)|Authentication failed/i,
        'upstream-refused',
        'it does not accept the credential, or asks for one',
    ],
    [
        /returned error: 404|not found|does not appear to be a git/i,
        'upstream-refused',
        'no such repository',
    ],
    [/Host key verification failed/i, 'upstream-refused', 'its host key is not the pinned one'],
    [/Permission denied/i, 'upstream-refused', 'it does not accept the key'],
    [/SSL|certificate/i, 'upstream-tls', 'TLS failed: its certificate does not hold'],
    [/timed out|too slow|Operation too slow/i, 'upstream-timeout', 'it fell silent'],
];
/** @param stderr of `git fetch` or `git push` */
function upstreamFault(host, stderr) {
    const found = FAULTS.find(([pattern]) => pattern.test(stderr));
    const [, rule, reason] = found ?? [undefined, 'upstream-reset', 'git could not go on'];
    return new gateway_denied/* Denied */.C(rule, `${host}: ${reason}`);
}

;// CONCATENATED MODULE: ./build/gateway/git-gate/hand-on.js



const PUSH = ['push', '--porcelain', '--no-verify', '--no-signed', '--no-recurse-submodules'];
/** git-push(1), `--porcelain`: a flag, from:to, and why. */
const REJECTED = /^!\t[^\t]*\t(.+)$/gm;
/** @throws {Denied} `upstream-refused` with the upstream's reason, and the other `upstream-…` */
async function handOn(git, { host, url, env }, refs) {
    // Whether commits may be lost was judged before; of what the upstream had then, nothing else is.
    const leases = refs.map(({ ref, old }) => `--force-with-lease=${ref}:${isZero(old) ? '' : old}`);
    const updates = refs.map(({ ref, new: now }) => `${isZero(now) ? '' : now}:${ref}`);
    const atomic = refs.length > 1 ? ['--atomic'] : [];
    const { exitCode, stdout, stderr } = await git([...PUSH, ...atomic, ...leases, url, ...updates], {
        env,
    });
    if (exitCode === 0)
        return;
    const reasons = Array.from(stdout.toString().matchAll(REJECTED), ([, reason = '']) => reason);
    if (reasons.length === 0)
        throw upstreamFault(host, stderr);
    throw new gateway_denied/* Denied */.C('upstream-refused', `${host}: ${[...new Set(reasons)].join(', ')}`);
}

;// CONCATENATED MODULE: ./build/gateway/git-gate/receive.js
/** Takes a push: hears of it from the hook, judges it, hands it on or keeps it, and says what became of it. */







const receive_MAX_FINDINGS = 50;
const MAX_SAID = 20;
/** Never rejects; settles when git has ended. */
async function takePush(channel, parts) {
    const { repository, search, ended } = parts;
    channel.on('error', () => { });
    try {
        const { objects, refs: pushed } = await hearHook(channel);
        const refs = await Promise.all(pushed.slice(0, MAX_REFS + 1).map((ref) => receive_show(search, ref)));
        const time = new Date().toISOString();
        await repository.alone(async () => {
            ended.throwIfAborted();
            const verdict = await decide((0,external_node_path_.basename)(objects), refs, parts);
            parts.report(pushOf(time, refs, verdict, parts));
            answerHook(channel, verdict.verdict !== 'refused', sayVerdict(verdict, parts));
            // git writes the refs now, and so long nobody else may.
            await untilAborted(ended);
        });
    }
    catch {
        // git ended, or is no more to be understood: without our word nothing is accepted.
        channel.destroy();
    }
}
async function receive_show(search, pushed) {
    const bytes = Buffer.from(pushed.ref);
    for (const { start, end } of await search.find(bytes))
        bytes.fill('*', start, end);
    return { ...pushed, shown: bytes.toString() };
}
async function decide(quarantine, refs, { repository, policy, ended: signal }) {
    const { settings, directory } = repository;
    const env = quarantine === '' ? {} : seeing(directory, quarantine);
    let findings = [];
    try {
        const git = repository.git({ env, signal });
        findings = await judgePush(git, refs, { repository: settings, policy });
        // Nobody looks at what goes straight on.
        const isForwarded = settings.push === 'forward';
        const blocks = findings.filter(({ action }) => action === 'block' || isForwarded);
        if (blocks.length > 0)
            return { verdict: 'refused', findings, detail: sumUp(blocks) };
        if (!isForwarded) {
            repository.keep(refs.map(({ ref }) => ref));
            return { verdict: 'recorded', findings, detail: '' };
        }
        const way = await repository.findWay(signal);
        await handOn(repository.git({ env, signal, far: true }), way, refs);
        return { verdict: 'forwarded', findings, detail: '' };
    }
    catch (error) {
        return { verdict: 'refused', findings, detail: describe(error, signal) };
    }
}
/** An upstream that was being told takes all of a push or nothing. */
function describe(error, { aborted }) {
    if (aborted)
        return 'it was interrupted';
    const reason = printable((0,errors/* messageOf */.bD)(error));
    return error instanceof gateway_denied/* Denied */.C ? `${error.rule}: ${reason}` : `it could not be judged: ${reason}`;
}
/** The objects of the push, and behind them those of the repository. */
function seeing(directory, quarantine) {
    const objects = (0,external_node_path_.join)(directory, 'objects');
    return {
        GIT_OBJECT_DIRECTORY: (0,external_node_path_.join)(objects, quarantine),
        GIT_ALTERNATE_OBJECT_DIRECTORIES: objects,
    };
}
function sumUp(findings) {
    const rules = new Set(findings.map(({ rule }) => rule));
    return `the checks found: ${[...rules].join(', ')}`;
}
/** What the guest's git shows. */
function sayVerdict({ verdict, findings, detail }, { repository }) {
    const shown = findings.slice(0, MAX_SAID).map(sayFinding);
    const more = findings.length - shown.length;
    const last = {
        refused: `refused, and nothing was changed: ${detail}`,
        recorded: 'checked and kept on the runner; the upstream is not told of it',
        forwarded: `checked and sent on to ${repository.settings.name}`,
    }[verdict];
    return [...shown, ...(more > 0 ? [`and ${more} more`] : []), last].map((line) => `bottle-action: ${line}`);
}
function sayFinding({ rule, action, path, line, commit, detail }) {
    const where = [path + (line > 0 ? `:${line}` : ''), commit && `commit ${commit.slice(0, 12)}`];
    const what = action === 'block' ? 'refused' : 'to be reviewed';
    return `${what} (${rule}): ${where.filter(Boolean).join(', ')}: ${detail}`;
}
function pushOf(time, refs, { verdict, findings, detail }, { repository }) {
    return {
        type: 'push',
        time,
        repository: repository.settings.name,
        verdict,
        refs: refs.slice(0, MAX_REFS).map(({ shown, ...ids }) => ({ ...ids, ref: printable(shown) })),
        findings: findings.slice(0, receive_MAX_FINDINGS),
        detail,
    };
}
async function untilAborted(signal) {
    if (signal.aborted)
        return;
    await new Promise((resolve) => signal.addEventListener('abort', resolve, { once: true }));
}

;// CONCATENATED MODULE: ./build/gateway/git-gate/bare-repository.js
/** A bare repository of the run, made from what the runner has of it already. */


/** Shown to the guest, whose git then need not send what the runner's checkout has. */
const BASE_REF = 'refs/bottle/base';
const SHA256_DIGITS = 64;
/** `git` runs in `directory`, which does not exist yet. */
async function makeBareRepository(git, directory, seed) {
    await (0,promises_.mkdir)(directory, { recursive: true, mode: 0o700 });
    const format = seed?.commit.length === SHA256_DIGITS ? 'sha256' : 'sha1';
    await must(git, ['init', '--quiet', '--bare', '--template=', `--object-format=${format}`]);
    if (seed === undefined)
        return;
    const information = (0,external_node_path_.join)(directory, 'objects', 'info');
    await (0,promises_.mkdir)(information, { recursive: true });
    await (0,promises_.writeFile)((0,external_node_path_.join)(information, 'alternates'), `${seed.objects}\n`);
    await copyIfThere(seed.shallow, (0,external_node_path_.join)(directory, 'shallow'));
    await must(git, ['update-ref', BASE_REF, seed.commit]);
}
async function must(git, args) {
    const { exitCode, stderr } = await git(args);
    if (exitCode !== 0)
        throw new Error(`git ${args[0]} failed: ${stderr}`);
}
async function copyIfThere(from, to) {
    try {
        await (0,promises_.copyFile)(from, to);
    }
    catch (error) {
        if (error.code !== 'ENOENT')
            throw error;
    }
}

;// CONCATENATED MODULE: ./build/gateway/git-gate/bound-spawn.js
/** Descriptor 3 is closed when the gateway is gone; the group is this shell and all below it. */
const SCRIPT = '{ read -r _ <&3; kill -KILL 0; } & "$@" 3<&-; code=$?; kill $!; exit $code';
function bindSpawn(spawn) {
    return (argv, options) => spawn(['/bin/sh', '-c', SCRIPT, 'sh', ...argv], {
        ...options,
        onChannel: (channel) => channel.on('error', () => { }),
    });
}

;// CONCATENATED MODULE: ./build/gateway/git-gate/refresh.js

const FETCH = [
    ...['-c', 'fetch.fsckObjects=false', '-c', 'transfer.fsckObjects=false'],
    ...['fetch', '--quiet', '--prune', '--no-tags', '--no-write-fetch-head'],
    ...['--no-recurse-submodules', '--no-auto-maintenance'],
];
const ALL = ['+refs/heads/*:refs/heads/*', '+refs/tags/*:refs/tags/*'];
const HEAD = /^ref: (refs\/heads\/\S+)\tHEAD$/m;
/**
 * @param kept Refs that the guest has pushed and the upstream never heard of: they stay.
 * @throws {Denied} `upstream-…`
 */
async function fetchAll(git, { host, url, env }, kept) {
    const except = Array.from(kept, (ref) => `^${ref}`);
    const { exitCode, stderr } = await git([...FETCH, url, ...ALL, ...except], { env });
    if (exitCode !== 0)
        throw upstreamFault(host, stderr);
}
/** The upstream's own branch, which a clone checks out. */
async function followHead(git, { url, env }) {
    const { stdout } = await git(['ls-remote', '--symref', url, 'HEAD'], { env });
    const branch = HEAD.exec(stdout.toString())?.[1];
    if (branch !== undefined)
        await git(['symbolic-ref', 'HEAD', branch]);
}

// EXTERNAL MODULE: ./build/gateway/name.js + 1 modules
var gateway_name = __webpack_require__(5590);
// EXTERNAL MODULE: ./build/gateway/proxy.js
var proxy = __webpack_require__(3409);
// EXTERNAL MODULE: ./build/gateway/upstream-tls.js
var upstream_tls = __webpack_require__(3220);
;// CONCATENATED MODULE: ./build/gateway/git-gate/way.js
/** The way to an upstream: an address that was checked, a certificate or host key, a credential. */






const SSH_PORT = 22;
const SHORT_FORM = /^(?:[^@:/]+@)?([^:/]+):(?!\/\/)/;
/** Where the address leads. @throws {Denied} `no-match` where it is neither https nor ssh. */
function upstreamOf(url) {
    const short = SHORT_FORM.exec(url)?.[1];
    if (short !== undefined)
        return { scheme: 'ssh', ...(0,gateway_name/* parseAuthority */.P)(short, SSH_PORT) };
    const { protocol, host } = new URL(url);
    if (protocol === 'https:')
        return { scheme: 'https', ...(0,gateway_name/* parseAuthority */.P)(host, 443) };
    if (protocol === 'ssh:')
        return { scheme: 'ssh', ...(0,gateway_name/* parseAuthority */.P)(host, SSH_PORT) };
    throw new gateway_denied/* Denied */.C('no-match', 'the upstream is reached by neither https nor ssh');
}
/**
 * git resolves no name: it is told the address that the gateway checked and connected to, so that
 * the name cannot lead elsewhere a moment later.
 *
 * @throws {Denied} what `dial` throws
 */
async function findWay(repository, parts, signal) {
    const upstream = upstreamOf(repository.url);
    const proxy = parts.proxyFor(upstream);
    if (proxy)
        return behindProxy(repository, parts, upstream, proxy);
    const socket = await parts.dial(upstream, signal);
    const { remoteAddress = '', remotePort = upstream.port } = socket;
    socket.destroy();
    const endpoint = { host: remoteAddress, port: remotePort };
    if (upstream.scheme === 'ssh')
        return overSsh(repository, parts, upstream, endpoint);
    const address = remoteAddress.includes(':') ? `[${remoteAddress}]` : remoteAddress;
    const resolved = ['http.curloptResolve', `${upstream.host}:${remotePort}:${address}`];
    return overHttps(repository, parts, endpoint, [resolved]);
}
/** The name is looked up there. git asks it by itself, with what it needs to know for that. */
async function behindProxy(repository, parts, upstream, { host, port, authorization }) {
    (0,proxy/* checkName */.I3)(upstream);
    if (upstream.scheme === 'ssh') {
        const where = `${upstream.host}:${upstream.port}`;
        throw new gateway_denied/* Denied */.C('upstream-connect', `${where}: no ssh goes through the runner's proxy`);
    }
    const [user = '', ...password] = Buffer.from(authorization.replace(/^Basic /, ''), 'base64')
        .toString()
        .split(':')
        .map(encodeURIComponent);
    const login = authorization === '' ? '' : `${user}:${password.join('%3A')}@`;
    const address = host.includes(':') ? `[${host}]` : host;
    const settings = [
        ['http.proxy', `http://${login}${address}:${port}`],
        ['http.proxyAuthMethod', 'basic'],
    ];
    return overHttps(repository, parts, upstream, settings);
}
async function overHttps({ name, url, access }, { extraAuthorities, directory }, { port }, reach) {
    const real = new URL(url);
    const { host } = upstreamOf(url);
    real.host = `${host}:${port}`;
    [real.username, real.password] = ['', ''];
    const settings = [
        ...reach,
        ['http.followRedirects', 'false'],
        ['http.sslVerify', 'true'],
        ['http.lowSpeedLimit', '1000'],
        ['http.lowSpeedTime', '60'],
        ['credential.helper', ''],
        ['core.askPass', ''],
    ];
    if (extraAuthorities !== '') {
        const file = (0,external_node_path_.join)(directory, `${name}.pem`);
        await (0,promises_.writeFile)(file, (0,upstream_tls/* authoritiesWith */.O)(extraAuthorities).join('\n'), { mode: 0o600 });
        settings.push(['http.sslCAInfo', file]);
    }
    if (access.kind === 'token') {
        const basic = Buffer.from(`x-access-token:${access.value}`).toString('base64');
        settings.push([`http.${real.origin}/.extraHeader`, `Authorization: Basic ${basic}`]);
    }
    const env = { GIT_ALLOW_PROTOCOL: 'https', ...environmentOf(settings) };
    return { host, url: real.href, env };
}
/** git-config(1): settings that only this process and its children see. */
function environmentOf(settings) {
    const entries = settings.flatMap(([key, value], index) => [
        [`GIT_CONFIG_KEY_${index}`, key],
        [`GIT_CONFIG_VALUE_${index}`, value],
    ]);
    return Object.fromEntries([['GIT_CONFIG_COUNT', String(settings.length)], ...entries]);
}
async function overSsh({ name, url, access }, { directory }, { host }, to) {
    if (access.kind !== 'ssh' || access.hostKey === '') {
        throw new gateway_denied/* Denied */.C('no-match', `${name} lacks a key or a host_key, and nothing goes over ssh`);
    }
    const [config, known] = ['ssh', 'hosts'].map((kind) => (0,external_node_path_.join)(directory, `${name}.${kind}`));
    await (0,promises_.writeFile)(known, `${host} ${access.hostKey}\n`, { mode: 0o600 });
    await (0,promises_.writeFile)(config, sshConfig(host, to, { known, key: access.key }), { mode: 0o600 });
    const command = `ssh -F '${config.replaceAll("'", "'\\''")}'`;
    const env = { GIT_ALLOW_PROTOCOL: 'ssh', GIT_SSH_COMMAND: command, GIT_SSH_VARIANT: 'ssh' };
    return { host, url: withoutPort(url), env };
}
/** A port in the address becomes an argument of ssh, which would win over what its file says. */
function withoutPort(url) {
    return url.replace(/^(ssh:\/\/[^/]+?):\d+(?=\/)/, '$1');
}
/** ssh_config(5) */
function sshConfig(host, to, files) {
    const file = (path) => `"${path.replaceAll('%', '%%')}"`;
    return [
        'Host *',
        `HostName ${to.host}`,
        `Port ${to.port}`,
        `HostKeyAlias ${host}`,
        `UserKnownHostsFile ${file(files.known)}`,
        'GlobalKnownHostsFile /dev/null',
        'StrictHostKeyChecking yes',
        'UpdateHostKeys no',
        `IdentityFile ${file(files.key)}`,
        'IdentitiesOnly yes',
        'IdentityAgent none',
        'BatchMode yes',
        'ConnectTimeout 10',
        'ServerAliveInterval 15',
        'ProxyCommand none',
        'ControlPath none',
        'ForwardAgent no',
        'ClearAllForwardings yes',
        'PermitLocalCommand no',
        '',
    ].join('\n');
}

;// CONCATENATED MODULE: ./build/gateway/git-gate/repository.js
/** One repository of the gate: made when it is first asked for, as fresh as its upstream, one writer at a time. */






/** For a whole history, or a large push. */
const FAR_TIMEOUT_MS = 15 * 60_000;
function openRepository(settings, parts) {
    const { spawn, config, root, signal: forever } = parts;
    const { program, path } = config;
    const directory = (0,external_node_path_.join)(root, settings.name);
    const kept = new Set();
    const alone = makeLock();
    let made;
    let fresh;
    let askedAt = Number.NEGATIVE_INFINITY;
    let isHeadKnown = false;
    const git = ({ far, ...options }) => {
        const limit = far ? { timeoutMs: FAR_TIMEOUT_MS } : {};
        const start = far ? bindSpawn(spawn) : spawn;
        return makeGitRunner({ spawn: start, program, path, directory, ...limit, ...options });
    };
    const way = (signal) => findWay(settings, parts, signal);
    async function fetchNow() {
        const found = await way(forever);
        const far = git({ signal: forever, far: true });
        await Promise.all([
            fetchAll(far, found, kept),
            isHeadKnown ? undefined : followHead(far, found),
        ]);
        isHeadKnown = true;
    }
    return {
        settings,
        directory,
        ready() {
            made ??= makeBareRepository(git({ signal: forever }), directory, settings.seed);
            return made;
        },
        refresh(maxAgeMs) {
            if (fresh !== undefined && performance.now() - askedAt <= maxAgeMs)
                return fresh;
            askedAt = performance.now();
            const asked = alone(fetchNow);
            fresh = asked;
            // Whoever comes next tries again.
            asked.catch(() => {
                if (fresh === asked)
                    fresh = undefined;
            });
            return asked;
        },
        alone,
        git,
        findWay: way,
        keep: (refs) => {
            for (const ref of refs)
                kept.add(ref);
        },
    };
}
function makeLock() {
    let last = Promise.resolve();
    return (work) => {
        const result = last.then(work);
        last = result.catch(() => { });
        return result;
    };
}

;// CONCATENATED MODULE: ./build/gateway/git-gate/gate.js
/** The gate: the guest's remotes as repositories on the runner, served by git itself, every push checked. */















const OWN = { host: '127.0.0.1', port: 7711 };
/** Commands in the guest ask again and again; a second of age is nothing to them. */
const FRESH_MS = 1_000;
/** Between the first and the last request of one fetch. */
const SAME_FETCH_MS = 15 * 60_000;
const MAX_AT_ONCE = 16;
/** What a fetch asks for is short; see `http.maxRequestBuffer` in git-config(1). */
const MAX_QUESTION_BYTES = 10 * 1024 * 1024;
/** Beside its pack, a push says its refs. */
const MAX_PUSH_BYTES = MAX_PACK_BYTES + 1024 * 1024;
async function makeGitGate(config, parts) {
    const { directory } = config;
    const [root, hooks] = [(0,external_node_path_.join)(directory, 'repository'), (0,external_node_path_.join)(directory, 'hook')];
    await (0,promises_.mkdir)(root, { recursive: true, mode: 0o700 });
    await (0,promises_.mkdir)(hooks, { mode: 0o700 });
    await (0,promises_.writeFile)((0,external_node_path_.join)(hooks, 'pre-receive'), HOOK, { mode: 0o700 });
    const search = searchSecrets(parts.secrets);
    const forever = new AbortController().signal;
    const shared = { ...parts, config, directory, root, search, signal: forever };
    const repositories = new Map(config.repositories.map((each) => [each.name, openRepository(each, shared)]));
    let running = 0;
    async function serve(guest, entry) {
        await parts.ready();
        const asked = readGitRequest(guest.method, guest.target);
        const repository = repositories.get(asked.repository);
        if (repository === undefined)
            throw new gateway_denied/* Denied */.C('no-route', 'the gate has no such repository');
        entry.route = `git:${asked.repository}`;
        if (running >= MAX_AT_ONCE)
            throw new gateway_denied/* Denied */.C('busy', `${MAX_AT_ONCE} gits are running`);
        running += 1;
        try {
            await prepare(repository, asked, entry);
            await carryOut({ ...shared, guest, entry, asked, hooks, repository });
        }
        finally {
            running -= 1;
        }
    }
    return async (guest) => {
        const entry = (0,audit/* openEntry */.v)(parts.recorder);
        const [path = ''] = guest.target.split('?');
        Object.assign(entry, { ...OWN, method: guest.method, path });
        try {
            await serve(guest, entry);
            entry.close();
        }
        catch (error) {
            if (guest.isGone() && !(error instanceof gateway_denied/* Denied */.C))
                return entry.close();
            const denied = deniedOf(error);
            if (guest.answered())
                guest.abort();
            else
                (0,exchange/* refuse */.T)(guest, entry, (0,answer/* refusalOf */.Of)(denied));
            entry.close(denied);
        }
    };
}
/** Fails closed: where the upstream cannot be asked, nothing older is shown for new. */
async function prepare(repository, { service, step }, entry) {
    const { name, push, seed, access } = repository.settings;
    const isPush = service === 'receive';
    if (isPush && push === 'refuse')
        throw new gateway_denied/* Denied */.C('no-match', `${name} takes no pushes`);
    await repository.ready();
    if (isPush && step === 'pack')
        return;
    // A push that is kept needs something to build on, however old.
    const isKept = isPush && push === 'record';
    if (isKept && seed !== undefined)
        return;
    if (access.kind === 'token')
        entry.credential = access.name;
    const usual = step === 'refs' ? FRESH_MS : SAME_FETCH_MS;
    await repository.refresh(isKept ? Number.POSITIVE_INFINITY : usual);
}
async function carryOut(served) {
    const { config, asked, repository, hooks, search, secrets, report } = served;
    const isPush = asked.service === 'receive' && asked.step === 'pack';
    const ended = new AbortController();
    const policy = { ...config.rules, secrets };
    const receiving = { repository, policy, search, report, ended: ended.signal };
    try {
        await runBackend({
            ...served,
            argv: servingArgv(config, repository.settings, hooks),
            env: servingEnvironment(config),
            maxBytes: isPush ? MAX_PUSH_BYTES : MAX_QUESTION_BYTES,
            ...(isPush && { onChannel: (channel) => void takePush(channel, receiving) }),
        });
    }
    finally {
        ended.abort(new Error('git ended'));
    }
}
/** Whatever is no answer of the upstream went wrong here. */
function deniedOf(error) {
    if (error instanceof gateway_denied/* Denied */.C)
        return error;
    return new gateway_denied/* Denied */.C('busy', `git failed on the runner: ${printable((0,errors/* messageOf */.bD)(error))}`);
}


/***/ })

};
