import { createRequire as __WEBPACK_EXTERNAL_createRequire } from "module";
/******/ var __webpack_modules__ = ({

/***/ 4573:
/***/ ((module) => {

module.exports = __WEBPACK_EXTERNAL_createRequire(import.meta.url)("node:buffer");

/***/ }),

/***/ 7598:
/***/ ((module) => {

module.exports = __WEBPACK_EXTERNAL_createRequire(import.meta.url)("node:crypto");

/***/ }),

/***/ 8474:
/***/ ((module) => {

module.exports = __WEBPACK_EXTERNAL_createRequire(import.meta.url)("node:events");

/***/ }),

/***/ 3024:
/***/ ((module) => {

module.exports = __WEBPACK_EXTERNAL_createRequire(import.meta.url)("node:fs");

/***/ }),

/***/ 1455:
/***/ ((module) => {

module.exports = __WEBPACK_EXTERNAL_createRequire(import.meta.url)("node:fs/promises");

/***/ }),

/***/ 7030:
/***/ ((module) => {

module.exports = __WEBPACK_EXTERNAL_createRequire(import.meta.url)("node:net");

/***/ }),

/***/ 6760:
/***/ ((module) => {

module.exports = __WEBPACK_EXTERNAL_createRequire(import.meta.url)("node:path");

/***/ }),

/***/ 643:
/***/ ((module) => {

module.exports = __WEBPACK_EXTERNAL_createRequire(import.meta.url)("node:perf_hooks");

/***/ }),

/***/ 7075:
/***/ ((module) => {

module.exports = __WEBPACK_EXTERNAL_createRequire(import.meta.url)("node:stream");

/***/ }),

/***/ 1692:
/***/ ((module) => {

module.exports = __WEBPACK_EXTERNAL_createRequire(import.meta.url)("node:tls");

/***/ }),

/***/ 8522:
/***/ ((module) => {

module.exports = __WEBPACK_EXTERNAL_createRequire(import.meta.url)("node:zlib");

/***/ }),

/***/ 857:
/***/ ((module) => {

module.exports = __WEBPACK_EXTERNAL_createRequire(import.meta.url)("os");

/***/ }),

/***/ 2018:
/***/ ((module) => {

module.exports = __WEBPACK_EXTERNAL_createRequire(import.meta.url)("tty");

/***/ }),

/***/ 1404:
/***/ ((module) => {

module.exports = __WEBPACK_EXTERNAL_createRequire(import.meta.url)("util");

/***/ }),

/***/ 9473:
/***/ ((__unused_webpack___webpack_module__, __webpack_exports__, __nccwpck_require__) => {

/* harmony export */ __nccwpck_require__.d(__webpack_exports__, {
/* harmony export */   bD: () => (/* binding */ messageOf)
/* harmony export */ });
/* unused harmony exports OUTCOMES, FAILURE_REASONS, BottleError */
/** The one error class that stages throw, and the outcomes a run can have. */
/** How a run ended. Decided from exit codes, our own timers and sentinels, never from guest text. */
const OUTCOMES = (/* unused pure expression or super */ null && ([
    'success',
    'agent-failed',
    'timed-out',
    'idle',
    'limit-reached',
    'cancelled',
    'isolation-failed',
    'image-failed',
    'boot-failed',
    'provision-failed',
    'gateway-failed',
    'push-failed',
    'config-invalid',
    'untrusted',
    'internal-error',
]));
/** Why an agent failed, or which limit of its own it reached. */
const FAILURE_REASONS = (/* unused pure expression or super */ null && ([
    /** The model's API did not take the credential. */
    'auth',
    /** What was paid for is used up. */
    'quota',
    'rate-limited',
    'overloaded',
    'model-not-found',
    'context-length',
    /** The agent was refused a tool. */
    'permission-denied',
    'max-turns',
    'max-budget',
    /** Its structured output does not follow the schema. */
    'schema-invalid',
    /** Ended by a signal that is not ours. */
    'crashed',
    /** There is no such program in the bottle. */
    'not-found',
    /** It ended without a word. */
    'no-output',
    /** Any other answer of the model's API, or none. */
    'api-error',
    /** It ended with an exit code that is not 0, and nothing says more. */
    'exit-code',
]));
/** An error that a person can act on: what happened · which value, from where · what to do. */
class BottleError extends Error {
    name = 'BottleError';
    outcome;
    what;
    where;
    fix;
    reason;
    problems;
    constructor(fields) {
        super(`${fields.what} (${fields.where}). ${fields.fix}`, { cause: fields.cause });
        this.outcome = fields.outcome;
        this.what = fields.what;
        this.where = fields.where;
        this.fix = fields.fix;
        this.reason = fields.reason;
        this.problems = fields.problems ?? [];
    }
}
/** The message of anything that was thrown. */
function messageOf(error) {
    return error instanceof Error ? error.message : String(error);
}


/***/ }),

/***/ 7162:
/***/ ((__webpack_module__, __unused_webpack___webpack_exports__, __nccwpck_require__) => {

__nccwpck_require__.a(__webpack_module__, async (__webpack_handle_async_dependencies__, __webpack_async_result__) => { try {
/* harmony import */ var _gateway_server_js__WEBPACK_IMPORTED_MODULE_0__ = __nccwpck_require__(2178);
/* harmony import */ var _host_process_js__WEBPACK_IMPORTED_MODULE_1__ = __nccwpck_require__(4167);
/* harmony import */ var _host_streams_js__WEBPACK_IMPORTED_MODULE_2__ = __nccwpck_require__(9538);
/** The gateway process: entry of `dist/gateway`. */



await (0,_gateway_server_js__WEBPACK_IMPORTED_MODULE_0__/* .serveGateway */ .s)((0,_host_streams_js__WEBPACK_IMPORTED_MODULE_2__/* .standardStreams */ .b)(), _host_process_js__WEBPACK_IMPORTED_MODULE_1__/* .spawnProcess */ .N);

__webpack_async_result__();
} catch(e) { __webpack_async_result__(e); } }, 1);

/***/ }),

/***/ 875:
/***/ ((__unused_webpack___webpack_module__, __webpack_exports__, __nccwpck_require__) => {

/* harmony export */ __nccwpck_require__.d(__webpack_exports__, {
/* harmony export */   Kl: () => (/* binding */ faultOf),
/* harmony export */   Of: () => (/* binding */ refusalOf),
/* harmony export */   _h: () => (/* binding */ refusalBytes),
/* harmony export */   ny: () => (/* binding */ deniedBy)
/* harmony export */ });
/* harmony import */ var _errors_js__WEBPACK_IMPORTED_MODULE_0__ = __nccwpck_require__(9473);
/* harmony import */ var _denied_js__WEBPACK_IMPORTED_MODULE_1__ = __nccwpck_require__(1666);
/** What the guest is told when it is refused: a status, the rule's name, one sentence. */


const STATUS = {
    malformed: 400,
    timeout: 408,
    oversize: 431,
    busy: 503,
    'upstream-dns': 502,
    'upstream-connect': 502,
    'upstream-tls': 502,
    'upstream-reset': 502,
    'upstream-refused': 502,
    'upstream-timeout': 504,
    internal: 500,
};
const REASON = {
    400: 'Bad Request',
    403: 'Forbidden',
    408: 'Request Timeout',
    431: 'Request Header Fields Too Large',
    500: 'Internal Server Error',
    502: 'Bad Gateway',
    503: 'Service Unavailable',
    504: 'Gateway Timeout',
};
function refusalOf(denied) {
    const body = `bottle-action: denied (${denied.rule}): ${denied.message}\n`;
    return {
        status: STATUS[denied.rule] ?? 403,
        headers: [
            ['X-Bottle-Denied', denied.rule],
            ['Content-Type', 'text/plain; charset=utf-8'],
            ['Content-Length', String(Buffer.byteLength(body))],
        ],
        body,
    };
}
/** The same as bytes, for a connection that no HTTP server holds (any more). */
function refusalBytes(denied) {
    const { status, headers, body } = refusalOf(denied);
    const lines = headers.map(([name, value]) => `${name}: ${value}\r\n`).join('');
    return `HTTP/1.1 ${status} ${REASON[status]}\r\n${lines}Connection: close\r\n\r\n${body}`;
}
/** Whatever was thrown while a request was on its way, as a refusal. */
function deniedBy(error) {
    if (error instanceof _denied_js__WEBPACK_IMPORTED_MODULE_1__/* .Denied */ .C)
        return error;
    const { code = '' } = (error ?? {});
    if (code === 'ETIMEDOUT')
        return new _denied_js__WEBPACK_IMPORTED_MODULE_1__/* .Denied */ .C('upstream-timeout', 'the upstream fell silent');
    // Node refuses to write what would break a header or a request line.
    if (UNWRITABLE.has(code))
        return new _denied_js__WEBPACK_IMPORTED_MODULE_1__/* .Denied */ .C('malformed', 'a header or the path cannot be sent');
    if (code === '')
        return faultOf(error);
    const detail = `the connection to the upstream broke: ${code}`;
    return new _denied_js__WEBPACK_IMPORTED_MODULE_1__/* .Denied */ .C('upstream-reset', detail, { cause: error });
}
/** What has neither our name nor a code of Node's is a mistake in here; its stack is nobody's affair. */
function faultOf(error) {
    return new _denied_js__WEBPACK_IMPORTED_MODULE_1__/* .Denied */ .C('internal', `the gateway itself is at fault: ${(0,_errors_js__WEBPACK_IMPORTED_MODULE_0__/* .messageOf */ .bD)(error)}`, {
        cause: error,
    });
}
const UNWRITABLE = new Set([
    'ERR_INVALID_CHAR',
    'ERR_INVALID_HTTP_TOKEN',
    'ERR_UNESCAPED_CHARACTERS',
    'ERR_HTTP_INVALID_HEADER_VALUE',
    'ERR_HTTP2_INVALID_PSEUDOHEADER',
    'ERR_HTTP2_INVALID_CONNECTION_HEADERS',
    'ERR_HTTP2_HEADER_SINGLE_VALUE',
    'ERR_HTTP2_INVALID_HEADER_VALUE',
]);


/***/ }),

/***/ 7814:
/***/ ((__unused_webpack___webpack_module__, __webpack_exports__, __nccwpck_require__) => {

/* harmony export */ __nccwpck_require__.d(__webpack_exports__, {
/* harmony export */   B: () => (/* binding */ closeEntries),
/* harmony export */   v: () => (/* binding */ openEntry)
/* harmony export */ });
/* harmony import */ var _denied_js__WEBPACK_IMPORTED_MODULE_0__ = __nccwpck_require__(1666);
/** One decision for each request and each tunnel, written when it is over. */

const MAX_METHOD = 32;
const MAX_HOST = 253;
const MAX_PATH = 512;
/** More than any of these, so that what is cut off later was looked through as a whole. */
const MAX_SAID = 1024;
const MAX_DETAIL = 300;
const MAX_FINDINGS = 50;
/** Not the guest's doing: it was allowed and the other side did not hold up. */
const FAILURES = /^(?:upstream-|internal$)/;
function openEntry({ send, scrub, open }) {
    const began = Date.now();
    const entry = {
        method: '',
        host: '',
        port: 0,
        path: '',
        route: '',
        status: 0,
        bytesUp: 0,
        bytesDown: 0,
        credential: '',
        findings: [],
        place: open.length,
        close: (denied) => {
            if (remove(open, entry))
                send(decisionOf(entry, began, { denied, scrub }));
        },
        drop: () => void remove(open, entry),
    };
    open.push(entry);
    return entry;
}
/** The last one takes its place. False: it was not there any more. */
function remove(open, entry) {
    if (entry.place < 0)
        return false;
    const last = open.pop();
    if (last !== undefined && last !== entry) {
        open[entry.place] = last;
        last.place = entry.place;
    }
    entry.place = -1;
    return true;
}
/** At the end of the run, which cuts off what was let through. */
function closeEntries({ open }) {
    const early = new _denied_js__WEBPACK_IMPORTED_MODULE_0__/* .Denied */ .C('timeout', 'the run ended before this was judged');
    for (const entry of [...open])
        entry.close(entry.route === '' ? early : undefined);
}
function decisionOf(entry, began, { denied, scrub }) {
    const said = (text, length) => scrub(ascii(text).slice(0, MAX_SAID)).slice(0, length);
    return {
        type: 'decision',
        time: new Date(began).toISOString(),
        decision: denied === undefined ? 'allowed' : decisionBy(denied.rule),
        rule: denied?.rule ?? 'route',
        detail: said(denied?.message ?? '', MAX_DETAIL),
        route: entry.route,
        method: said(entry.method, MAX_METHOD),
        // The name of a route is the plan's own word.
        host: entry.host === entry.route ? entry.host : said(entry.host, MAX_HOST),
        port: entry.port,
        path: said(entry.path, MAX_PATH),
        status: entry.status,
        bytesUp: entry.bytesUp,
        bytesDown: entry.bytesDown,
        milliseconds: Date.now() - began,
        credential: entry.credential,
        findings: entry.findings.slice(0, MAX_FINDINGS),
    };
}
function decisionBy(rule) {
    return FAILURES.test(rule) ? 'failed' : 'denied';
}
function ascii(text) {
    return text.replace(/[^\x20-\x7e]/g, '.');
}


/***/ }),

/***/ 6478:
/***/ ((__unused_webpack___webpack_module__, __webpack_exports__, __nccwpck_require__) => {

/* harmony export */ __nccwpck_require__.d(__webpack_exports__, {
/* harmony export */   i: () => (/* binding */ readBeginning)
/* harmony export */ });
/** Nothing else may read the connection meanwhile. */
function readBeginning(socket, beginning) {
    const { promise, resolve, reject } = Promise.withResolvers();
    let bytes = Buffer.alloc(0);
    const finish = () => {
        clearTimeout(timer);
        socket.off('readable', read).off('end', end).off('close', end);
    };
    const fail = (error) => {
        finish();
        reject(error);
    };
    const read = () => {
        const chunk = socket.read();
        if (chunk === null)
            return;
        bytes = bytes.length === 0 ? chunk : Buffer.concat([bytes, chunk]);
        try {
            const parsed = beginning.parse(bytes);
            if (parsed === undefined)
                return;
            finish();
            if (parsed.used < bytes.length)
                socket.unshift(bytes.subarray(parsed.used));
            resolve(parsed.value);
        }
        catch (error) {
            fail(error);
        }
    };
    const end = () => fail(beginning.refusal('the connection ended before'));
    const seconds = beginning.timeoutMs / 1000;
    const timer = setTimeout(() => fail(beginning.refusal(`nothing within ${seconds} s`)), beginning.timeoutMs);
    socket.on('readable', read).on('end', end).on('close', end);
    return promise;
}


/***/ }),

/***/ 1666:
/***/ ((__unused_webpack___webpack_module__, __webpack_exports__, __nccwpck_require__) => {

/* harmony export */ __nccwpck_require__.d(__webpack_exports__, {
/* harmony export */   C: () => (/* binding */ Denied)
/* harmony export */ });
class Denied extends Error {
    rule;
    /** `detail`: one sentence for a person; never a secret, never what the guest wrote unescaped. */
    constructor(rule, detail, options) {
        super(detail, options);
        this.name = 'Denied';
        this.rule = rule;
    }
}


/***/ }),

/***/ 1887:
/***/ ((__unused_webpack___webpack_module__, __webpack_exports__, __nccwpck_require__) => {


// EXPORTS
__nccwpck_require__.d(__webpack_exports__, {
  Os: () => (/* binding */ DlpDenied),
  $r: () => (/* binding */ createDecodingScan),
  ek: () => (/* binding */ createScan),
  AX: () => (/* binding */ createWatch),
  TR: () => (/* binding */ refuse)
});

// UNUSED EXPORTS: uniqueFindings

// EXTERNAL MODULE: ./build/errors.js
var errors = __nccwpck_require__(9473);
;// CONCATENATED MODULE: ./build/secret/cover.js
const LF = 0x0a;
function createCover() {
    let kept = new Uint8Array(0);
    /** Where the kept bytes begin in the stream. */
    let base = 0;
    /** By their start, none touching the next. */
    let ranges = [];
    /** The end of the match that was last handed out, whole or in part. */
    let covered = -1;
    function cut(until) {
        const pieces = [];
        const take = (to, label) => {
            if (to <= base)
                return;
            const bytes = kept.subarray(0, to - base);
            const isCovered = label !== undefined;
            pieces.push({ bytes, covered: isCovered, label: label ?? '', isStart: base > covered });
            kept = kept.subarray(to - base);
            base = to;
            if (isCovered)
                covered = to;
        };
        for (const { start, end, label } of ranges) {
            take(Math.min(start, until));
            if (start < until)
                take(Math.min(end, until), label);
        }
        take(until);
        ranges = ranges.filter(({ end }) => end > base);
        return pieces;
    }
    const add = (matches) => {
        if (matches.length > 0)
            ranges = join([...ranges, ...matches]);
    };
    return {
        push(chunk, matches, held) {
            kept = kept.length > 0 ? Buffer.concat([kept, chunk]) : chunk;
            add(matches);
            const pieces = cut(base + kept.length - held);
            // The rest is a copy: the caller may use its chunk again.
            kept = new Uint8Array(kept);
            return pieces;
        },
        end(matches = []) {
            add(matches);
            return cut(base + kept.length);
        },
        release: () => cut(base + kept.lastIndexOf(LF) + 1),
    };
}
function join(ranges) {
    const joined = [];
    for (const { label, start, end } of ranges.toSorted((a, b) => a.start - b.start)) {
        const last = joined.at(-1);
        if (last && start <= last.end)
            last.end = Math.max(last.end, end);
        else
            joined.push({ label, start, end });
    }
    return joined;
}

// EXTERNAL MODULE: ./build/gateway/denied.js
var denied = __nccwpck_require__(1666);
;// CONCATENATED MODULE: ./build/gateway/dlp/scan.js
/** Passes a body on while it is looked at, and the refusal that says what was found. */



/** The detail names labels only, never what was found. */
class DlpDenied extends denied/* Denied */.C {
    findings;
    constructor(detail, findings) {
        super('dlp', detail);
        this.name = 'DlpDenied';
        this.findings = findings;
    }
}
function refuse(where, detections) {
    const findings = uniqueFindings(where, 'blocked', detections);
    const labels = findings.map(({ detector, label }) => `${label} (${detector})`).join(', ');
    return new DlpDenied(`the ${where} holds ${labels}`, findings);
}
function uniqueFindings(where, action, labels) {
    const unique = new Map(labels.map(({ detector, label }) => [
        `${detector}\0${label}`,
        { detector, label, where, action },
    ]));
    return [...unique.values()];
}
function createScan(parts) {
    const { where, detectors, watchers, onMatch } = parts;
    const cover = createCover();
    const warned = [];
    const redacted = [];
    function watch(chunk) {
        for (const { detector, push } of watchers)
            for (const label of push(chunk))
                note(warned, { detector, label });
    }
    function judge(detections) {
        if (detections.length === 0)
            return;
        if (onMatch === 'block')
            throw refuse(where, detections);
        for (const { detector, label } of detections)
            note(redacted, { detector, label });
    }
    return {
        async push(chunk) {
            watch(chunk);
            const detections = (await Promise.all(detectors.map((one) => one.push(chunk)))).flat();
            judge(detections);
            const held = Math.max(0, ...detectors.map((one) => one.held()));
            return Buffer.concat(cover.push(chunk, detections, held).map(mask));
        },
        async end() {
            const detections = (await Promise.all(detectors.map((one) => one.end()))).flat();
            judge(detections);
            return Buffer.concat(cover.end(detections).map(mask));
        },
        findings: () => [
            ...uniqueFindings(where, 'redacted', redacted),
            ...uniqueFindings(where, 'warned', warned),
        ],
    };
}
/** Looks at an encoded body and at what it stands for; what is found there cannot be redacted. */
function createDecodingScan(parts, decoder) {
    const wire = createScan({ ...parts(), watchers: [], onMatch: 'block' });
    const plain = createScan({ ...parts(), onMatch: 'block' });
    async function decoded(bytes) {
        try {
            return await bytes;
        }
        catch (error) {
            throw new DlpDenied(`the body cannot be decoded: ${(0,errors/* messageOf */.bD)(error)}`, []);
        }
    }
    let isEmpty = true;
    return {
        async push(chunk) {
            isEmpty = false;
            await plain.push(await decoded(decoder.push(chunk)));
            return wire.push(chunk);
        },
        async end() {
            // An answer to HEAD tells of an encoding and has no body.
            if (isEmpty)
                return NOTHING;
            await plain.push(await decoded(decoder.end()));
            await plain.end();
            return wire.end();
        },
        findings: plain.findings,
    };
}
/** Tells what it sees and lets everything pass, also what it cannot decode. */
function createWatch({ where, watchers }, decoder) {
    const seen = createScan({ where, watchers, detectors: [], onMatch: 'block' });
    let isBlind = false;
    async function look(bytes) {
        if (isBlind)
            return;
        try {
            await seen.push(await bytes());
        }
        catch {
            isBlind = true;
        }
    }
    return {
        async push(chunk) {
            await look(() => decoder?.push(chunk) ?? chunk);
            return chunk;
        },
        async end() {
            await look(() => decoder?.end() ?? NOTHING);
            return NOTHING;
        },
        findings: seen.findings,
    };
}
const NOTHING = new Uint8Array(0);
function note(labels, label) {
    if (!labels.some((one) => one.detector === label.detector && one.label === label.label))
        labels.push(label);
}
/** As long as what it replaces, so that Content-Length stays true. */
const mask = ({ bytes, covered }) => covered ? Buffer.alloc(bytes.length, '*') : bytes;


/***/ }),

/***/ 9682:
/***/ ((__unused_webpack___webpack_module__, __webpack_exports__, __nccwpck_require__) => {


// EXPORTS
__nccwpck_require__.d(__webpack_exports__, {
  c: () => (/* binding */ exchange),
  T: () => (/* binding */ refuse)
});

// EXTERNAL MODULE: ./build/gateway/header.js
var gateway_header = __nccwpck_require__(2144);
;// CONCATENATED MODULE: ./build/gateway/credential.js
/** The one place where a credential is put in, and where the guest's own ones are taken out. */

const CREDENTIAL_HEADERS = [
    'authorization',
    'proxy-authorization',
    'cookie',
    'x-api-key',
    'api-key',
    'x-goog-api-key',
    'x-auth-token',
    'x-access-token',
    'private-token',
    'job-token',
];
/** GitHub takes a token as the password of this user. */
const GIT_USER = 'x-access-token';
const TOKEN_PARAMETERS = ['access_token', 'private_token', 'job_token'];
/** Of model vendors; anywhere else it may be the name of a thing. */
const KEY_PARAMETERS = ['key', 'api_key', 'api-key'];
/** `headers` with the route's credential alone; plain HTTP gets none. */
function withCredential(route, scheme, headers) {
    const { auth } = route;
    if (auth === undefined)
        return headers;
    const header = auth.header.toLowerCase();
    const removed = new Set([...CREDENTIAL_HEADERS, header]);
    const rest = (0,gateway_header/* without */.FF)(headers, removed);
    if (scheme === 'http')
        return rest;
    return [...rest, [header, headerValue(auth)]];
}
function headerValue({ scheme, value }) {
    if (scheme === 'header')
        return value;
    if (scheme !== 'Basic')
        return `${scheme} ${value}`;
    return `Basic ${Buffer.from(`${GIT_USER}:${value}`).toString('base64')}`;
}
/** Where a credential is put in, the guest's own is not to come as a parameter either. */
function withoutKeyParameters(route, pathAndQuery) {
    const at = pathAndQuery.indexOf('?');
    if (at < 0 || route.auth === undefined)
        return pathAndQuery;
    const names = [...TOKEN_PARAMETERS, ...(route.meter === undefined ? [] : KEY_PARAMETERS)];
    const kept = pathAndQuery
        .slice(at + 1)
        .split('&')
        .filter((parameter) => !names.includes(nameOf(parameter)));
    const path = pathAndQuery.slice(0, at);
    return kept.length === 0 ? path : `${path}?${kept.join('&')}`;
}
function nameOf(parameter) {
    const [name] = new URLSearchParams(parameter).keys();
    return (name ?? '').toLowerCase();
}

// EXTERNAL MODULE: ./build/gateway/denied.js
var gateway_denied = __nccwpck_require__(1666);
// EXTERNAL MODULE: external "node:stream"
var external_node_stream_ = __nccwpck_require__(7075);
;// CONCATENATED MODULE: ./build/gateway/graphql.js
/** Reads what a GraphQL request asks for: mutations pass only where the route names them. */

const TOKEN = /[\s,\uFEFF]+|#[^\n\r]*|"""(?:\\"""|[\s\S])*?"""|"(?:\\.|[^"\\\n\r])*"|\.{3}|[A-Za-z_]\w*|-?\d[\w.+-]*|[!$&()[\]{}:=@|]/y;
const IGNORED = /^[\s,\uFEFF#]/;
const NAME = /^[A-Za-z_]/;
const OPENING = new Map([
    ['(', ')'],
    ['[', ']'],
    ['{', '}'],
]);
const READING = new Set(['query', 'subscription', 'fragment']);
/**
 * `body`: of the POST, one operation or a list of them. Gives the body that is to go on: written
 * anew, so that nobody can read another one into it.
 *
 * @throws {Denied} `graphql`
 */
function checkOperations(body, allowed) {
    const parsed = parseJson(body);
    for (const operation of [parsed].flat())
        checkOperation(operation, allowed);
    return Buffer.from(JSON.stringify(parsed));
}
/** The query of a GET. @throws {Denied} `graphql` */
function checkQueryString(query) {
    const parameters = [...new URLSearchParams(query)].filter(([name]) => name === 'query');
    for (const [, document] of parameters)
        checkDocument(document, []);
}
function parseJson(body) {
    try {
        return JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(body));
    }
    catch {
        throw refusal('the request is not JSON');
    }
}
function checkOperation(operation, allowed) {
    const { query } = (operation ?? {});
    if (typeof query !== 'string')
        throw refusal('the request has no query of its own');
    checkDocument(query, allowed);
}
function checkDocument(document, allowed) {
    const refused = mutationsOf(document).filter((name) => !allowed.includes(name));
    if (refused.length > 0) {
        throw refusal(`the route does not list the mutation ${refused.slice(0, 5).join(', ')}`);
    }
}
/** Fields of all mutations in a document, whichever operation is to run. @throws {Denied} */
function mutationsOf(document) {
    const tokens = tokenise(document);
    const names = [];
    for (let at = 0; at < tokens.length;) {
        const kind = tokens[at] === '{' ? 'query' : tokens[at];
        while (tokens[at] !== '{')
            at = skip(tokens, at);
        const end = skip(tokens, at);
        if (kind === 'mutation')
            names.push(...fieldsOf(tokens.slice(at + 1, end - 1)));
        else if (kind === undefined || !READING.has(kind))
            throw refusal('it cannot be understood');
        at = end;
    }
    return names;
}
/** Of a selection, those at its first level; an alias is not what counts. */
function fieldsOf(tokens) {
    const names = [];
    for (let at = 0; at < tokens.length;) {
        if (tokens[at + 1] === ':')
            at += 2;
        const name = tokens[at] ?? '';
        if (!NAME.test(name))
            throw refusal('a mutation may not begin with a fragment');
        names.push(name);
        at += 1;
        while (tokens[at] === '(' || tokens[at] === '{' || tokens[at] === '@') {
            at = tokens[at] === '@' ? at + 2 : skip(tokens, at);
        }
    }
    return names;
}
/** Behind the token at `at`; behind its counterpart when it opens something. */
function skip(tokens, at) {
    const expected = [];
    for (let next = at; next < tokens.length; next += 1) {
        const token = tokens[next] ?? '';
        const closing = OPENING.get(token);
        if (closing !== undefined)
            expected.push(closing);
        else if (token === ')' || token === ']' || token === '}') {
            if (expected.pop() !== token)
                break;
        }
        if (expected.length === 0)
            return next + 1;
    }
    throw refusal('it cannot be understood');
}
function tokenise(document) {
    const tokens = [];
    TOKEN.lastIndex = 0;
    while (TOKEN.lastIndex < document.length) {
        const [token] = TOKEN.exec(document) ?? [];
        if (token === undefined)
            throw refusal('it cannot be understood');
        if (!IGNORED.test(token))
            tokens.push(token);
    }
    return tokens;
}
function refusal(detail) {
    return new gateway_denied/* Denied */.C('graphql', `GraphQL: ${detail}`);
}

;// CONCATENATED MODULE: ./build/gateway/entity.js
/** What of a request goes on beside its address: the fields that are for the upstream, and the body. */




/** With what a server may leave off: parameters, further slashes, spaces. */
const GRAPHQL_PATH = /^\/+(?:api\/+)?graphql(?:[;/%]|$)/i;
const MAX_GRAPHQL_BYTES = 1024 * 1024;
const REPLACED = new Set(['host', 'expect']);
const LENGTH = new Set(['content-length']);
/** What goes on as it comes. */
function entityOf(guest) {
    const headers = (0,gateway_header/* endToEnd */.uO)(guest.headers, REPLACED);
    return { headers: [...headers, ...wishesOf(guest)], body: guest.body };
}
function isGraphql(path) {
    return GRAPHQL_PATH.test(path);
}
/**
 * The same for a request to GraphQL; its body is read to the end before it goes on.
 * `mutations`: those that the route lets pass.
 *
 * @throws {Denied} `graphql`, `malformed`
 */
async function readGraphql(guest, mutations, query) {
    const headers = (0,gateway_header/* endToEnd */.uO)(guest.headers, REPLACED);
    checkQueryString(query);
    if (!guest.hasBody)
        return { headers, body: guest.body };
    if ((0,gateway_header/* hasField */.RY)(headers, 'content-encoding')) {
        throw new gateway_denied/* Denied */.C('graphql', 'GraphQL: the request is encoded');
    }
    if (guest.expectsContinue)
        guest.sendContinue();
    const read = await new Promise((resolve, reject) => {
        guest.onBroken(reject);
        readAll(guest.body).then(resolve, reject);
    });
    const body = checkOperations(read, mutations);
    const length = ['Content-Length', String(body.length)];
    return { headers: [...(0,gateway_header/* without */.FF)(headers, LENGTH), length], body: external_node_stream_.Readable.from([body]) };
}
/** What the guest asks of this connection and what is to be asked of the next, too. */
function wishesOf({ headers, expectsContinue, hasBody }) {
    const wishes = [];
    if (expectsContinue && hasBody)
        wishes.push(['Expect', '100-continue']);
    const wantsTrailers = (0,gateway_header/* valuesOf */.sm)(headers, 'te').some((value) => /\btrailers\b/i.test(value));
    if (wantsTrailers)
        wishes.push(['te', 'trailers']);
    return wishes;
}
async function readAll(body) {
    const chunks = [];
    let size = 0;
    // Left open when it is too long: the guest still hears why.
    for await (const chunk of body.iterator({ destroyOnReturn: false })) {
        size += chunk.length;
        if (size > MAX_GRAPHQL_BYTES)
            throw new gateway_denied/* Denied */.C('graphql', 'GraphQL: the request is too long');
        chunks.push(chunk);
    }
    return Buffer.concat(chunks);
}

// EXTERNAL MODULE: ./build/gateway/path.js
var gateway_path = __nccwpck_require__(2682);
// EXTERNAL MODULE: ./build/gateway/route-table.js
var route_table = __nccwpck_require__(841);
;// CONCATENATED MODULE: ./build/gateway/admit.js






/** They would show the guest the credential that was put in. */
const TELLING_METHODS = ['TRACE', 'TRACK', 'CONNECT'];
/** Of RTSP and ICE, which Node's parser takes as well and does not tell from HTTP. */
const FOREIGN_METHODS = [
    ...['ANNOUNCE', 'DESCRIBE', 'FLUSH', 'GET_PARAMETER', 'PAUSE', 'PLAY', 'RECORD', 'REDIRECT'],
    ...['SET_PARAMETER', 'SETUP', 'SOURCE', 'TEARDOWN'],
];
const REFUSED_METHODS = new Set([...TELLING_METHODS, ...FOREIGN_METHODS]);
/** @throws {Denied} `malformed`, `no-match`, `graphql`, `limit-…`, `dlp` */
async function admit(asking) {
    const { services, guest, entry, origin } = asking;
    const { route, host } = origin;
    entry.route = route.host;
    checkForm(guest);
    const { path, query } = (0,gateway_path/* normalisePath */.q)(asking.pathAndQuery);
    entry.path = path;
    (0,route_table/* matchRequest */.p)(route, { method: guest.method, path, headers: guest.headers });
    const { graphqlMutations } = route;
    const entity = graphqlMutations !== undefined && isGraphql(path)
        ? await readGraphql(guest, graphqlMutations, query)
        : entityOf(guest);
    services.meter.admit(route);
    const head = { host, pathAndQuery: asking.pathAndQuery, headers: entity.headers };
    const isInspected = route.dlp.outbound.length > 0;
    const seen = isInspected ? await services.inspector.head(route, head) : { ...head, findings: [] };
    entry.findings = seen.findings;
    const scan = guest.hasBody ? services.inspector.outboundBody(route, seen.headers) : undefined;
    const headers = withCredential(route, origin.scheme, seen.headers);
    if (route.auth !== undefined && origin.scheme === 'https')
        entry.credential = route.auth.name;
    return {
        services,
        guest,
        entry,
        origin,
        path,
        body: entity.body,
        scan,
        request: {
            method: guest.method,
            pathAndQuery: withoutKeyParameters(route, seen.pathAndQuery),
            headers,
            hasBody: guest.hasBody,
        },
    };
}
/** @throws {Denied} `malformed` */
function checkForm({ method, headers }) {
    if (REFUSED_METHODS.has(method)) {
        throw new gateway_denied/* Denied */.C('malformed', 'this method is not passed on');
    }
    const codings = (0,gateway_header/* valuesOf */.sm)(headers, 'transfer-encoding');
    if (codings.some((coding) => coding.toLowerCase() !== 'chunked')) {
        throw new gateway_denied/* Denied */.C('malformed', 'the only transfer coding is chunked');
    }
    // With a zero before it, some would read it as octal.
    const lengths = (0,gateway_header/* valuesOf */.sm)(headers, 'content-length');
    if (lengths.some((length) => !/^(?:0|[1-9][0-9]*)$/.test(length))) {
        throw new gateway_denied/* Denied */.C('malformed', 'the length of the body is not written as a plain number');
    }
}

// EXTERNAL MODULE: ./build/gateway/answer.js
var answer = __nccwpck_require__(875);
// EXTERNAL MODULE: ./build/gateway/audit.js
var audit = __nccwpck_require__(7814);
// EXTERNAL MODULE: ./build/gateway/dlp/scan.js + 1 modules
var scan = __nccwpck_require__(1887);
// EXTERNAL MODULE: ./build/gateway/forward.js
var forward = __nccwpck_require__(460);
// EXTERNAL MODULE: ./build/gateway/meter.js + 7 modules
var meter = __nccwpck_require__(5846);
;// CONCATENATED MODULE: ./build/gateway/exchange.js
/** One request of the guest: judged, given its credential, forwarded, answered and written down. */







/** How long a guest that was refused may go on sending before its connection is closed. */
const LINGER_MS = 2_000;
/** `ask` says where the request is to go, or throws Denied. Never throws itself. */
async function exchange(services, guest, ask, carry = forward/* forward */.sY) {
    const entry = (0,audit/* openEntry */.v)(services.recorder);
    entry.method = guest.method;
    let origin;
    try {
        const held = services.ready();
        if (held !== undefined)
            await held;
        const asked = ask(guest, entry);
        origin = asked.origin;
        await carry(await admit({ services, guest, entry, ...asked }));
        entry.close();
    }
    catch (error) {
        if (error instanceof scan/* DlpDenied */.Os)
            entry.findings = [...entry.findings, ...error.findings];
        // A guest that hangs up is not refused anything.
        if (guest.isGone() && !(error instanceof gateway_denied/* Denied */.C))
            return entry.close();
        const denied = (0,answer/* deniedBy */.ny)(error);
        if (guest.answered())
            guest.abort();
        else
            refuse(guest, entry, refusalFor(origin, denied));
        entry.close(denied);
    }
}
/** A model's client would try again after a plain refusal, again and again. */
function refusalFor(origin, denied) {
    const api = denied.rule.startsWith('limit-') ? origin?.route.meter : undefined;
    if (api === undefined)
        return (0,answer/* refusalOf */.Of)(denied);
    const { status, headers, body } = (0,meter/* finalAnswer */.z)(api, denied);
    const length = ['content-length', String(Buffer.byteLength(body))];
    return { status, headers: [...Object.entries(headers), length], body };
}
/** The guest may still be sending: it hears the refusal first, and then the connection closes. */
function refuse(guest, entry, { status, headers, body }) {
    entry.status = status;
    const target = guest.answer({ status, headers: guest.closing(headers) });
    if (!guest.hasBody || guest.body.readableEnded) {
        target.end(body);
        return;
    }
    target.write(body);
    const end = () => {
        clearTimeout(timer);
        target.end();
    };
    const timer = setTimeout(end, LINGER_MS);
    guest.body.once('close', end).resume();
    // What is no HTTP any more has no end to wait for.
    guest.onBroken(end);
}


/***/ }),

/***/ 460:
/***/ ((__unused_webpack___webpack_module__, __webpack_exports__, __nccwpck_require__) => {

/* harmony export */ __nccwpck_require__.d(__webpack_exports__, {
/* harmony export */   RG: () => (/* binding */ download),
/* harmony export */   W7: () => (/* binding */ addFindings),
/* harmony export */   sY: () => (/* binding */ forward)
/* harmony export */ });
/* harmony import */ var node_stream__WEBPACK_IMPORTED_MODULE_0__ = __nccwpck_require__(7075);
/* harmony import */ var _answer_js__WEBPACK_IMPORTED_MODULE_1__ = __nccwpck_require__(875);
/* harmony import */ var _denied_js__WEBPACK_IMPORTED_MODULE_2__ = __nccwpck_require__(1666);
/* harmony import */ var _header_js__WEBPACK_IMPORTED_MODULE_3__ = __nccwpck_require__(2144);
/** Moves a request that may pass to its upstream and the answer back, as fast as both ends take it. */




/** @throws {Denied} what was found on the way, and `upstream-…` */
async function forward(admitted) {
    const { services, origin, guest, request } = admitted;
    const sent = await services.pool.send(origin, request, guest.onClose);
    guest.onClose(sent.abort);
    if (request.hasBody)
        sent.onContinue(guest.sendContinue);
    const { promise, resolve, reject } = Promise.withResolvers();
    guest.onBroken(reject);
    upload(admitted, sent, reject);
    let isAnswered = false;
    sent.answer
        .then((answer) => {
        isAnswered = true;
        return download(admitted, answer);
    })
        .then(resolve, reject);
    try {
        await promise;
    }
    catch (error) {
        sent.abort();
        if (!isAnswered && guest.isGone())
            countUnheard(admitted);
        throw error;
    }
}
/** Who hangs up before the answer begins has the model at work none the less. */
function countUnheard({ services, origin, path, entry }) {
    services.meter.tap(origin.route, path, 200, [], entry.bytesUp)?.end();
}
/** An upstream that takes no more says so by its answer: only what was found here refuses. */
function upload(admitted, sent, refuse) {
    const { request, body, scan } = admitted;
    if (!request.hasBody) {
        sent.body.end();
        return;
    }
    const end = () => {
        sendTrailers(admitted, sent).then(() => sent.body.end(), refuse);
    };
    body.on('data', counter(admitted, 'up', refuse));
    if (scan === undefined) {
        pour(body, () => sent.body);
        body.on('end', end);
        return;
    }
    const scanned = scanning(scan).on('error', refuse).on('end', end);
    scanned.on('close', () => addFindings(admitted.entry, scan));
    body.pipe(scanned).pipe(sent.body, { end: false });
}
async function sendTrailers({ services, origin, guest }, sent) {
    const trailers = (0,_header_js__WEBPACK_IMPORTED_MODULE_3__/* .trailersToPass */ .J4)(guest.trailers());
    if (trailers.length === 0)
        return;
    const { route, host } = origin;
    const head = { host, pathAndQuery: '/', headers: trailers };
    sent.sendTrailers((await services.inspector.head(route, head)).headers);
}
/** Settles when the guest has it all, or is gone. */
async function download(admitted, answer) {
    const { services, origin, guest, entry, path } = admitted;
    const { status, body } = answer;
    const { inspector } = services;
    const headers = inspector.inboundHeaders(origin.route, (0,_header_js__WEBPACK_IMPORTED_MODULE_3__/* .endToEnd */ .uO)(answer.headers));
    entry.status = status;
    const scan = inspector.inboundBody(origin.route, headers);
    const tap = services.meter.tap(origin.route, path, status, headers, entry.bytesUp);
    const { promise, resolve, reject } = Promise.withResolvers();
    guest.onClose(resolve);
    let target;
    const begin = () => {
        try {
            target ??= guest.answer({ status, headers });
        }
        catch (error) {
            reject(error);
        }
        return target;
    };
    // Before the first byte of what has a length, a guest can still be told that there will be none.
    if (!(0,_header_js__WEBPACK_IMPORTED_MODULE_3__/* .hasField */ .RY)(headers, 'content-length'))
        begin();
    body.on('data', counter(admitted, 'down', reject));
    if (tap !== undefined)
        body.on('data', (chunk) => tap.push(chunk));
    body.on('error', (error) => reject((0,_answer_js__WEBPACK_IMPORTED_MODULE_1__/* .deniedBy */ .ny)(error)));
    body.on('close', () => {
        if (!body.readableEnded)
            reject(brokenOff());
    });
    body.on('end', () => {
        const trailers = () => inspector.inboundHeaders(origin.route, answer.trailers());
        if (answer.isComplete())
            guest.sendTrailers((0,_header_js__WEBPACK_IMPORTED_MODULE_3__/* .trailersToPass */ .J4)(trailers()));
        else
            reject(brokenOff());
    });
    const seen = scan === undefined ? body : body.pipe(scanning(scan).on('error', reject));
    pour(seen, begin);
    seen.on('end', () => {
        if (answer.isComplete())
            begin()?.end();
    });
    try {
        await promise;
    }
    finally {
        tap?.end();
        if (scan !== undefined)
            addFindings(entry, scan);
    }
}
/** What the sink takes no more is dropped: who sends it is not to wait for that. */
function pour(body, sinkOf) {
    body.on('data', (chunk) => {
        const sink = sinkOf();
        if (sink === undefined || sink.destroyed || sink.write(chunk))
            return;
        body.pause();
        sink.once('drain', () => body.resume());
    });
}
function brokenOff() {
    return new _denied_js__WEBPACK_IMPORTED_MODULE_2__/* .Denied */ .C('upstream-reset', 'the upstream broke off in the middle of its answer');
}
/** Tells the meter and the audit of each chunk; a listener must not throw, so the refusal is told. */
function counter({ services, origin, entry }, direction, refuse) {
    const [field, up, down] = direction === 'up' ? UP : DOWN;
    return ({ length }) => {
        entry[field] += length;
        try {
            services.meter.count(origin.route, up * length, down * length);
        }
        catch (error) {
            refuse(error);
        }
    };
}
const UP = ['bytesUp', 1, 0];
const DOWN = ['bytesDown', 0, 1];
function scanning(scan) {
    return new node_stream__WEBPACK_IMPORTED_MODULE_0__.Transform({
        transform: (chunk, _, done) => {
            scan.push(chunk).then((seen) => done(null, seen), done);
        },
        flush: (done) => {
            scan.end().then((rest) => done(null, rest), done);
        },
    });
}
function addFindings(entry, { findings }) {
    entry.findings = [...entry.findings, ...findings()];
}


/***/ }),

/***/ 2144:
/***/ ((__unused_webpack___webpack_module__, __webpack_exports__, __nccwpck_require__) => {

/* harmony export */ __nccwpck_require__.d(__webpack_exports__, {
/* harmony export */   Bq: () => (/* binding */ flatten),
/* harmony export */   FF: () => (/* binding */ without),
/* harmony export */   J4: () => (/* binding */ trailersToPass),
/* harmony export */   RY: () => (/* binding */ hasField),
/* harmony export */   eB: () => (/* binding */ asObject),
/* harmony export */   fq: () => (/* binding */ pairsOf),
/* harmony export */   sm: () => (/* binding */ valuesOf),
/* harmony export */   uO: () => (/* binding */ endToEnd)
/* harmony export */ });
/* unused harmony export isNamed */
/** Header fields on their way through: which of them go on, and in which form. */
/** RFC 9110 §7.6.1: they speak of one connection only. `proxy-*` is removed by its beginning. */
const HOP_BY_HOP = new Set(['connection', 'keep-alive', 'te', 'transfer-encoding', 'upgrade']);
/** From Node's flat list of names and values; HTTP/2's pseudo fields are no fields. */
function pairsOf(raw) {
    const pairs = [];
    for (let i = 0; i + 1 < raw.length; i += 2) {
        const name = raw[i] ?? '';
        if (!name.startsWith(':'))
            pairs.push([name, raw[i + 1] ?? '']);
    }
    return pairs;
}
function flatten(pairs) {
    const flat = [];
    for (const [name, value] of pairs)
        flat.push(name, value);
    return flat;
}
/** For HTTP/2: lower-case names, several values of one name as a list. */
function asObject(pairs) {
    const fields = Object.create(null);
    for (const [given, value] of pairs) {
        const name = given.toLowerCase();
        const known = fields[name];
        if (known === undefined)
            fields[name] = value;
        else
            fields[name] = [known, value].flat();
    }
    return fields;
}
/** `name`: lower case. */
function hasField(pairs, name) {
    return pairs.some(([given]) => isNamed(given, name));
}
function valuesOf(pairs, name) {
    const values = [];
    for (const [given, value] of pairs)
        if (isNamed(given, name))
            values.push(value);
    return values;
}
/** `name`: lower case. The length is looked at first, as this is asked of each field many times. */
function isNamed(given, name) {
    return given.length === name.length && given.toLowerCase() === name;
}
const NONE = new Set();
/** The fields that are meant for the other end, without those `replaced` on the way. */
function endToEnd(pairs, replaced = NONE) {
    const named = valuesOf(pairs, 'connection').flatMap((value) => value.toLowerCase().split(','));
    const dropped = named.length === 0 ? NONE : new Set(named.map((name) => name.trim()));
    return pairs.filter(([given]) => {
        const name = given.toLowerCase();
        return !(HOP_BY_HOP.has(name) ||
            replaced.has(name) ||
            dropped.has(name) ||
            name.startsWith('proxy-'));
    });
}
/** Behind a body, those that change how a message is read, or whose it is, come too late (§6.5.1). */
function trailersToPass(pairs) {
    return endToEnd(pairs).filter(([name]) => !NEVER_BEHIND.test(name));
}
const NEVER_BEHIND = /^(?:host|trailer|expect|range|(?:set-)?cookie|authorization)$|^(?:if|content)-|(?:key|token)$/i;
function without(pairs, names) {
    return pairs.filter(([name]) => !names.has(name.toLowerCase()));
}


/***/ }),

/***/ 5846:
/***/ ((__unused_webpack___webpack_module__, __webpack_exports__, __nccwpck_require__) => {


// EXPORTS
__nccwpck_require__.d(__webpack_exports__, {
  z: () => (/* reexport */ finalAnswer),
  E: () => (/* binding */ makeMeter)
});

// EXTERNAL MODULE: ./build/gateway/denied.js
var denied = __nccwpck_require__(1666);
;// CONCATENATED MODULE: ./build/gateway/meter/gauge.js
/** One limit: what is used of it, and the messages that go out as it fills. */

const NEAR = 0.8;
function makeGauge(limit, send) {
    const allowed = limit.allowed ?? Number.POSITIVE_INFINITY;
    const told = new Set();
    let used = 0;
    const tell = (level) => {
        if (told.has(level))
            return;
        told.add(level);
        send({ type: 'limit', limit: limit.limit, level, used, allowed, route: limit.route });
    };
    const refuse = () => {
        tell('reached');
        throw new denied/* Denied */.C(`limit-${limit.limit}`, sentence(limit, used));
    };
    return {
        used: () => used,
        add(amount) {
            used += amount;
            if (used >= allowed * NEAR)
                tell('near');
        },
        refuseWhenFull() {
            if (used >= allowed)
                refuse();
        },
        refuseWhenOver() {
            if (used > allowed)
                refuse();
        },
    };
}
function sentence({ limit, allowed, route }, used) {
    const whose = route === '' ? 'the run' : `the route ${route}`;
    const end = route === '' ? 'so the run ends here' : 'so nothing more passes through it';
    return `The limit of ${allowed} ${limit} for ${whose} is reached (${used} are used), ${end}.`;
}

;// CONCATENATED MODULE: ./build/gateway/meter/token-count.js
const NO_TOKENS = { input: 0, output: 0, cacheRead: 0, cacheWrite: 0 };
function addTokens(a, b) {
    return {
        input: a.input + b.input,
        output: a.output + b.output,
        cacheRead: a.cacheRead + b.cacheRead,
        cacheWrite: a.cacheWrite + b.cacheWrite,
    };
}
function sumTokens({ input, output, cacheRead, cacheWrite }) {
    return input + output + cacheRead + cacheWrite;
}
/**
 * Read by name and not by vendor, since Anthropic and Gemini serve OpenAI's shape as well.
 * Anthropic's `input_tokens` is without the cache's; OpenAI's and Gemini's counts are with them.
 */
const USAGE_FIELDS = [
    // Anthropic Messages; the first two are OpenAI Responses' as well.
    'input_tokens',
    'output_tokens',
    'cache_read_input_tokens',
    'cache_creation_input_tokens',
    'input_tokens_details.cached_tokens',
    'input_tokens_details.cache_write_tokens',
    // OpenAI Chat Completions and all that are compatible.
    'prompt_tokens',
    'completion_tokens',
    'prompt_tokens_details.cached_tokens',
    'prompt_tokens_details.cache_write_tokens',
    // Gemini.
    'promptTokenCount',
    'toolUsePromptTokenCount',
    'cachedContentTokenCount',
    'candidatesTokenCount',
    'thoughtsTokenCount',
];
/** The known fields of a usage object; empty when it has none, whatever it is. */
function readUsageFields(usage) {
    const fields = {};
    for (const field of USAGE_FIELDS) {
        const value = field.split('.').reduce(member, usage);
        if (Number.isSafeInteger(value) && Number(value) >= 0)
            fields[field] = Number(value);
    }
    return fields;
}
function member(value, key) {
    const isObject = typeof value === 'object' && value !== null;
    return isObject ? value[key] : undefined;
}
/** Streams repeat their usage, cumulative or in parts: the largest of each field is the last word. */
function mergeUsageFields(a, b) {
    const merged = { ...a };
    for (const field of USAGE_FIELDS) {
        const value = b[field];
        if (value !== undefined)
            merged[field] = Math.max(value, merged[field] ?? 0);
    }
    return merged;
}
function saysInput(fields) {
    const { input_tokens, prompt_tokens, promptTokenCount } = fields;
    return (input_tokens ?? prompt_tokens ?? promptTokenCount) !== undefined;
}
function saysOutput(fields) {
    const { output_tokens, completion_tokens, candidatesTokenCount, thoughtsTokenCount } = fields;
    return ((output_tokens ?? completion_tokens ?? candidatesTokenCount ?? thoughtsTokenCount) !== undefined);
}
function countTokens(fields) {
    const of = (field) => fields[field] ?? 0;
    const cached = of('input_tokens_details.cached_tokens') +
        of('prompt_tokens_details.cached_tokens') +
        of('cachedContentTokenCount');
    const written = of('input_tokens_details.cache_write_tokens') + of('prompt_tokens_details.cache_write_tokens');
    const input = of('input_tokens') +
        of('prompt_tokens') +
        of('promptTokenCount') +
        of('toolUsePromptTokenCount');
    return {
        input: Math.max(0, input - cached - written),
        output: of('output_tokens') +
            of('completion_tokens') +
            of('candidatesTokenCount') +
            of('thoughtsTokenCount'),
        cacheRead: cached + of('cache_read_input_tokens'),
        cacheWrite: written + of('cache_creation_input_tokens'),
    };
}

// EXTERNAL MODULE: ./build/gateway/header.js
var header = __nccwpck_require__(2144);
// EXTERNAL MODULE: external "node:zlib"
var external_node_zlib_ = __nccwpck_require__(8522);
;// CONCATENATED MODULE: ./build/gateway/meter/content-decoder.js

/** What may wait to be decoded, in bytes; an answer that comes faster is no longer read. */
const MOST_WAITING = 8 * 1024 * 1024;
/** What a body may decode to, in bytes; a longer one is no longer read. */
const MOST_DECODED = 64 * 1024 * 1024;
const DECODERS = new Map([
    ['gzip', () => (0,external_node_zlib_.createGunzip)()],
    ['x-gzip', () => (0,external_node_zlib_.createGunzip)()],
    // Some servers leave out the zlib header that `deflate` should have (RFC 9110, 8.4.1.2).
    ['deflate', (first) => ((first & 0x0f) === 8 ? (0,external_node_zlib_.createInflate)() : (0,external_node_zlib_.createInflateRaw)())],
    ['br', () => (0,external_node_zlib_.createBrotliDecompress)()],
    ['zstd', () => (0,external_node_zlib_.createZstdDecompress)()],
]);
/**
 * `read` is given the decoded bytes. `done` is called once, after `end`: when the rest is decoded,
 * or when no more can be, because the coding is unknown, broken, cut or out of bounds.
 */
function decodeBeside(coding, read, done) {
    if (coding === '' || coding === 'identity')
        return { push: read, end: done };
    let decoder;
    let isEnded = false;
    let isOver = false;
    let decoded = 0;
    const stop = () => {
        if (isOver)
            return;
        isOver = true;
        decoder?.destroy();
        if (isEnded)
            done();
    };
    const start = (first) => DECODERS.get(coding)?.(first)
        .on('data', (bytes) => {
        decoded += bytes.length;
        if (decoded > MOST_DECODED)
            stop();
        else if (!isOver)
            read(bytes);
    })
        .on('error', stop)
        .on('end', stop);
    return {
        push(chunk) {
            if (isOver || chunk.length === 0)
                return;
            decoder ??= start(chunk[0] ?? 0);
            if (decoder === undefined || decoder.writableLength > MOST_WAITING)
                return stop();
            // A copy: the caller may use its buffer again before ours is decoded.
            decoder.write(Buffer.from(chunk));
        },
        end() {
            isEnded = true;
            if (isOver || decoder === undefined)
                done();
            else
                decoder.end();
        },
    };
}

;// CONCATENATED MODULE: ./build/gateway/meter/event-stream.js
/** Reads an event stream byte by byte, in constant memory, and passes on what its `data` lines say. */
const [LF, CR, COLON] = [0x0a, 0x0d, 0x3a];
const FIELD = Buffer.from('data');
/**
 * Lines end in LF, CR or both, an empty one ends the event, as the HTML standard has it (§9.2.6).
 * The line breaks within an event's data are left out: in JSON they are between tokens only.
 */
function readEventStream(sink) {
    let line = 'name';
    /** How many bytes of the line are those of `data`. */
    let matched = 0;
    let afterCr = false;
    const endLine = () => {
        if (line === 'name' && matched === 0)
            sink.reset();
        line = 'name';
        matched = 0;
    };
    const readName = (byte) => {
        if (matched < FIELD.length && byte === FIELD[matched])
            matched++;
        else
            line = matched === FIELD.length && byte === COLON ? 'data' : 'other';
    };
    return (chunk) => {
        for (let at = 0; at < chunk.length; at++) {
            const byte = chunk[at] ?? 0;
            const isBreak = byte === LF || byte === CR;
            // The LF of a CR LF ends no second line.
            if (isBreak && !(byte === LF && afterCr))
                endLine();
            else if (!isBreak && line === 'name')
                readName(byte);
            else if (!isBreak) {
                const end = endOfLine(chunk, at);
                if (line === 'data')
                    sink.push(chunk.subarray(at, end));
                at = end - 1;
            }
            afterCr = byte === CR;
        }
    };
}
function endOfLine(chunk, from) {
    let end = from;
    while (end < chunk.length && chunk[end] !== LF && chunk[end] !== CR)
        end++;
    return end;
}

;// CONCATENATED MODULE: ./build/gateway/meter/usage-scanner.js
/** Where usage is: at the top, in the `message` or `response` that a stream's event carries. */
const USAGE_PATHS = new Set([
    'usage',
    'message.usage',
    'response.usage',
    'usageMetadata',
    'response.usageMetadata',
]);
/** Containers below this depth hold no usage; Gemini's stream without `alt=sse` is an array around. */
const DEEPEST = 3;
const LONGEST_KEY = 32;
const LONGEST_USAGE = 16 * 1024;
const [QUOTE, BACKSLASH, COMMA, usage_scanner_COLON] = [0x22, 0x5c, 0x2c, 0x3a];
const [OPEN_OBJECT, CLOSE_OBJECT, OPEN_ARRAY, CLOSE_ARRAY] = [0x7b, 0x7d, 0x5b, 0x5d];
/** `found` is called for each whole usage object, with its path: keys joined by dots. */
function scanUsage(found) {
    const capture = makeCapture(found);
    let frames = [];
    let depth = 0;
    let text = 'none';
    let isEscaped = false;
    const reset = () => {
        frames = [];
        depth = 0;
        text = 'none';
        isEscaped = false;
        capture.drop();
    };
    const shallow = () => (depth <= DEEPEST ? frames[depth - 1] : undefined);
    const open = (isObject) => {
        const path = isObject && shallow() !== undefined ? pathOf(frames) : '';
        if (USAGE_PATHS.has(path))
            capture.begin(path, depth);
        depth++;
        if (depth <= DEEPEST)
            frames.push({ isObject, key: '', isAtKey: isObject });
    };
    const close = () => {
        if (depth === 0)
            return;
        if (depth <= DEEPEST)
            frames.pop();
        depth--;
        capture.endAt(depth);
    };
    const readText = (byte) => {
        const frame = shallow();
        if (!isEscaped && byte === QUOTE)
            text = 'none';
        else if (text === 'key' && frame !== undefined && frame.key.length < LONGEST_KEY) {
            frame.key += String.fromCharCode(byte);
        }
        isEscaped = !isEscaped && byte === BACKSLASH;
    };
    const readStructure = (byte) => {
        const frame = shallow();
        if (byte === QUOTE) {
            text = frame?.isAtKey ? 'key' : 'value';
            if (text === 'key' && frame !== undefined)
                frame.key = '';
        }
        else if (byte === OPEN_OBJECT || byte === OPEN_ARRAY)
            open(byte === OPEN_OBJECT);
        else if (byte === CLOSE_OBJECT || byte === CLOSE_ARRAY)
            close();
        else if (frame?.isObject && byte === usage_scanner_COLON)
            frame.isAtKey = false;
        else if (frame?.isObject && byte === COMMA)
            frame.isAtKey = true;
    };
    return {
        reset,
        push(bytes) {
            for (let at = 0; at < bytes.length; at++) {
                if (text === 'value' && !isEscaped && !capture.isOn())
                    at = skipText(bytes, at);
                const byte = bytes[at];
                if (byte === undefined)
                    return;
                capture.add(byte);
                if (text === 'none')
                    readStructure(byte);
                else
                    readText(byte);
            }
        },
    };
}
/** Keeps the bytes of one usage object, from its opening brace to the one that closes it. */
function makeCapture(found) {
    let usage;
    return {
        isOn: () => usage !== undefined,
        drop() {
            usage = undefined;
        },
        begin(path, depth) {
            usage = { path, depth, bytes: [OPEN_OBJECT] };
        },
        add(byte) {
            if (usage !== undefined && usage.bytes.length < LONGEST_USAGE)
                usage.bytes.push(byte);
        },
        endAt(depth) {
            if (usage?.depth !== depth)
                return;
            const { path, bytes } = usage;
            usage = undefined;
            const value = bytes.length < LONGEST_USAGE ? parse(bytes) : undefined;
            if (value !== undefined)
                found(path, value);
        },
    };
}
/** An array may be around the whole; in one further down no usage is. */
function pathOf([outermost, ...inner]) {
    if (!inner.every(({ isObject }) => isObject))
        return '';
    const around = outermost?.isObject ? [outermost] : [];
    return [...around, ...inner].map(({ key }) => key).join('.');
}
/** To the byte that ends or escapes the text: most of an answer is text, and passes fast here. */
function skipText(bytes, from) {
    let at = from;
    while (at < bytes.length && bytes[at] !== QUOTE && bytes[at] !== BACKSLASH)
        at++;
    return at;
}
function parse(bytes) {
    try {
        return JSON.parse(Buffer.from(bytes).toString());
    }
    catch {
        return undefined;
    }
}

;// CONCATENATED MODULE: ./build/gateway/meter/usage-tap.js
/** Listens to one answer of a model and says at its end how many tokens it took. */





/** What costs nothing: lists of models, and the vendors' ways to count tokens beforehand. */
const FREE = /\/models(\/[^/:]+)?$|\/count_tokens$|:countTokens$|\/input_tokens$/;
/** English has about four bytes a token; an answer's JSON around its text makes this a high guess. */
const BYTES_PER_TOKEN = 4;
/** `report` is called once, after `end`: at once, or when the rest of a coded answer is decoded. */
function makeUsageTap(answer, report) {
    const listener = costs(answer) ? listenTo(answer, report) : silence(report);
    let isEnded = false;
    return {
        push(chunk) {
            if (!isEnded)
                listener.push(chunk);
        },
        end() {
            if (!isEnded)
                listener.end();
            isEnded = true;
        },
    };
}
function costs({ status, path }) {
    return status >= 200 && status < 300 && !FREE.test(path);
}
function silence(report) {
    return { push: () => undefined, end: () => report({ tokens: NO_TOKENS, reckoned: 0 }) };
}
function listenTo(answer, report) {
    const reader = makeUsageReader();
    let wireBytes = 0;
    const coding = (0,header/* valuesOf */.sm)(answer.headers, 'content-encoding').join().trim().toLowerCase();
    const decoder = decodeBeside(coding, reader.push, () => report(settle(reader.result(), answer.requestBytes, wireBytes)));
    return {
        push(chunk) {
            wireBytes += chunk.length;
            decoder.push(chunk);
        },
        end: decoder.end,
    };
}
/** JSON or an event stream, told by the first byte and not by what the header claims. */
function makeUsageReader() {
    let reading = { fields: {}, isComplete: false, bytes: 0 };
    const scanner = scanUsage((path, value) => {
        const found = readUsageFields(value);
        const fields = mergeUsageFields(reading.fields, found);
        reading = { ...reading, fields, isComplete: reading.isComplete || isLastWord(path, found) };
    });
    let push;
    return {
        push(chunk) {
            reading = { ...reading, bytes: reading.bytes + chunk.length };
            const first = chunk.find((byte) => byte > 0x20);
            if (push === undefined && first !== undefined) {
                const isJson = first === 0x7b || first === 0x5b;
                push = isJson ? scanner.push : readEventStream(scanner);
            }
            push?.(chunk);
        },
        result: () => reading,
    };
}
/**
 * Anthropic's `message_start` names the input and a first handful of output; Gemini names its output
 * from the first chunk that has some. Every other usage closes its answer.
 */
function isLastWord(path, found) {
    if (path === 'message.usage' || Object.keys(found).length === 0)
        return false;
    return path.endsWith('usage') || saysOutput(found);
}
function settle(reading, requestBytes, wireBytes) {
    const said = countTokens(reading.fields);
    const answerBytes = Math.max(reading.bytes, wireBytes);
    const tokens = {
        ...said,
        input: saysInput(reading.fields) ? said.input : Math.ceil(requestBytes / BYTES_PER_TOKEN),
        output: reading.isComplete
            ? said.output
            : Math.max(said.output, Math.ceil(answerBytes / BYTES_PER_TOKEN)),
    };
    return { tokens, reckoned: sumTokens(tokens) - sumTokens(said) };
}

;// CONCATENATED MODULE: ./build/gateway/meter/final-answer.js
/**
 * Its status is none that clients try again, as they do 408, 409, 429 and all from 500 up;
 * `x-should-retry` says the same to the clients of Anthropic and OpenAI. It is plain JSON for a stream
 * too: so the vendors answer when a stream does not begin.
 */
function finalAnswer(api, denied) {
    const [status, body] = errorOf(api, denied);
    return {
        status,
        headers: {
            'content-type': 'application/json',
            'x-should-retry': 'false',
            'x-bottle-denied': denied.rule,
        },
        body: JSON.stringify(body),
    };
}
function errorOf(api, denied) {
    const message = `bottle-action: ${denied.message}`;
    switch (api) {
        case 'anthropic':
            // After `invalid_request_error` Claude Code asks five times more, each time in a simpler form.
            return [402, { type: 'error', error: { type: 'billing_error', message } }];
        case 'openai': {
            const error = { message, type: 'invalid_request_error', param: null, code: denied.rule };
            return [400, { error }];
        }
        case 'gemini':
            return [400, { error: { code: 400, message, status: 'FAILED_PRECONDITION' } }];
    }
}

;// CONCATENATED MODULE: ./build/gateway/meter.js




/** Routes are known by identity: hand in the same objects later. */
function makeMeter(limits, routes, send) {
    const ofRun = (limit) => makeGauge({ limit, allowed: limits[limit], route: '' }, send);
    const [tokens, requests, bytes] = [ofRun('tokens'), ofRun('requests'), ofRun('bytes')];
    const ofRoute = new Map();
    for (const route of routes) {
        if (route.maxBytes === undefined)
            continue;
        const limit = { limit: 'bytes', allowed: route.maxBytes, route: route.host };
        ofRoute.set(route, makeGauge(limit, send));
    }
    let counted = NO_TOKENS;
    let reckoned = 0;
    const used = () => ({ requests: requests.used(), bytes: bytes.used(), tokens: counted });
    return {
        used,
        admit(route) {
            bytes.refuseWhenFull();
            ofRoute.get(route)?.refuseWhenFull();
            if (route.meter === undefined)
                return;
            tokens.refuseWhenFull();
            requests.refuseWhenFull();
            requests.add(1);
        },
        count(route, up, down) {
            const own = ofRoute.get(route);
            bytes.add(up + down);
            own?.add(up + down);
            bytes.refuseWhenOver();
            own?.refuseWhenOver();
        },
        tap(route, path, status, headers, requestBytes = 0) {
            if (route.meter === undefined)
                return undefined;
            return makeUsageTap({ path, status, headers, requestBytes }, (usage) => {
                counted = addTokens(counted, usage.tokens);
                reckoned += usage.reckoned;
                tokens.add(sumTokens(usage.tokens));
                send({ type: 'usage', ...used(), ...(reckoned > 0 && { reckoned }) });
            });
        },
    };
}


/***/ }),

/***/ 5590:
/***/ ((__unused_webpack___webpack_module__, __webpack_exports__, __nccwpck_require__) => {


// EXPORTS
__nccwpck_require__.d(__webpack_exports__, {
  T: () => (/* binding */ parseAbsolute),
  P: () => (/* binding */ parseAuthority)
});

// EXTERNAL MODULE: external "node:buffer"
var external_node_buffer_ = __nccwpck_require__(4573);
;// CONCATENATED MODULE: external "node:url"
const external_node_url_namespaceObject = __WEBPACK_EXTERNAL_createRequire(import.meta.url)("node:url");
// EXTERNAL MODULE: ./build/gateway/denied.js
var denied = __nccwpck_require__(1666);
;// CONCATENATED MODULE: ./build/gateway/name.js
/** Reads the host and the port that a guest names; what two readers could read in two ways is refused. */



const MAX_AUTHORITY_LENGTH = 1024;
const MAX_HOST_LENGTH = 253;
const LABEL = /^[a-z0-9_](?:[a-z0-9_-]{0,61}[a-z0-9_])?$/;
const ESCAPE = /%([0-9a-f]{2})/gi;
const DEFAULT_PORTS = { http: 80, https: 443 };
/**
 * `host` or `host:port`, as in CONNECT, `Host` and the name of a ClientHello; `text` as Node gives
 * it, one character a byte, or decoded already.
 *
 * @param defaultPort Undefined: the port must be there.
 * @throws {Denied} `malformed` or `ip-literal`.
 */
function parseAuthority(text, defaultPort) {
    if (text === '')
        throw malformed('no host is named');
    if (text.length > MAX_AUTHORITY_LENGTH)
        throw malformed('the host name is too long');
    const authority = decodeBytes(text);
    if (authority.includes('@'))
        throw malformed('a user name stands before the host');
    const { name, port } = splitPort(authority);
    if (isAddress(name))
        throw new denied/* Denied */.C('ip-literal', 'the host is named by an address');
    return { host: normaliseHost(name), port: parsePort(port, defaultPort) };
}
/**
 * An absolute request target, `http://host[:port][/path][?query]`.
 *
 * @throws {Denied} `malformed` or `ip-literal`.
 */
function parseAbsolute(target) {
    const parts = /^(https?):\/\/([^/?#]*)([/?].*)?$/is.exec(target);
    if (!parts)
        throw malformed('the address is not one of http or https');
    const [, written = '', authority = '', rest = ''] = parts;
    const scheme = written.toLowerCase() === 'https' ? 'https' : 'http';
    return {
        scheme,
        target: parseAuthority(authority, DEFAULT_PORTS[scheme]),
        pathAndQuery: rest.startsWith('/') ? rest : `/${rest}`,
    };
}
/** Node reads a head as latin1; who writes a name in UTF-8 is understood as if it had not. */
function decodeBytes(text) {
    if (!/[\x80-\xff]/.test(text) || /[^\x00-\xff]/.test(text))
        return text;
    const bytes = Buffer.from(text, 'latin1');
    return (0,external_node_buffer_.isUtf8)(bytes) ? bytes.toString() : text;
}
/** Brackets belong to the name; so do colons where there is more than one. */
function splitPort(authority) {
    const parts = /^(\[[^\]]*\]|[^:]*)(?::([^:]*))?$/s.exec(authority);
    return parts ? { name: parts[1] ?? '', port: parts[2] } : { name: authority, port: undefined };
}
/** `strtol` reads a leading zero as octal, and an empty port is whatever the reader likes. */
function parsePort(text, defaultPort) {
    if (text === undefined && defaultPort === undefined)
        throw malformed('no port is named');
    if (text === undefined)
        return defaultPort;
    const port = /^[1-9][0-9]{0,4}$/.test(text) ? Number(text) : 0;
    if (port < 1 || port > 65_535)
        throw malformed('the port is not a number from 1 to 65535');
    return port;
}
/**
 * Would anybody read this as an address? The most generous reader counts: escapes undone, digits
 * and dots of all scripts, invisible characters dropped, and `inet_aton`'s short, octal and
 * hexadecimal forms. No name ends in a number (WHATWG URL, 3.5), so the last label tells.
 */
function isAddress(name) {
    const plain = undoEscapes(name)
        .normalize('NFKC')
        .replace(/\p{Default_Ignorable_Code_Point}/gu, '')
        .replaceAll('。', '.');
    if (/^\[.*\]$/s.test(plain))
        return true;
    if (/^[\p{Nd}a-f]*:[\p{Nd}a-f.]*:[\p{Nd}a-f.:]*(?:%.*)?$/isu.test(plain))
        return true;
    const last = plain.replace(/\.+$/, '').split('.').at(-1) ?? '';
    return /^(?:\p{Nd}+|\p{Nd}x[\p{Nd}a-f]*)$/iu.test(last);
}
/** Until nothing is left to undo: each round makes the text shorter. */
function undoEscapes(text) {
    const once = text.replace(ESCAPE, (_, hex) => String.fromCharCode(Number.parseInt(hex, 16)));
    return once === text ? decodeBytes(text) : undoEscapes(once);
}
function normaliseHost(name) {
    if (/[\x00-\x20\x7f/\\?#%<>^|[\]:]/.test(name)) {
        throw malformed('the host name has a character that no name has');
    }
    // The label behind keeps Node from reading the name as an address, which was done above.
    const ascii = (0,external_node_url_namespaceObject.domainToASCII)(`${name}.x`).slice(0, -2).replace(/\.$/, '');
    const labels = ascii.split('.');
    const isName = ascii.length <= MAX_HOST_LENGTH && labels.every((label) => LABEL.test(label));
    if (!isName || !isPlain(name, labels))
        throw malformed('the host is not named by a host name');
    return ascii;
}
/** A label outside ASCII stays so, as `xn--…`: what only turns into letters or dots is a disguise. */
function isPlain(name, labels) {
    return name
        .split('.')
        .every((label, at) => /^[\x00-\x7f]*$/.test(label) || labels[at]?.startsWith('xn--'));
}
function malformed(detail) {
    return new denied/* Denied */.C('malformed', detail);
}


/***/ }),

/***/ 2682:
/***/ ((__unused_webpack___webpack_module__, __webpack_exports__, __nccwpck_require__) => {

/* harmony export */ __nccwpck_require__.d(__webpack_exports__, {
/* harmony export */   J: () => (/* binding */ normaliseEscapes),
/* harmony export */   q: () => (/* binding */ normalisePath)
/* harmony export */ });
/* harmony import */ var node_buffer__WEBPACK_IMPORTED_MODULE_0__ = __nccwpck_require__(4573);
/* harmony import */ var _denied_js__WEBPACK_IMPORTED_MODULE_1__ = __nccwpck_require__(1666);
/** Reads the path of a request as the rules see it; what two servers could read in two ways is refused. */


const ESCAPE = /%([0-9A-Fa-f]{2})/g;
const BAD_ESCAPE = /%(?![0-9A-Fa-f]{2})/;
/** What a path may hold as it is (RFC 3986, `pchar`), but `;`, which begins a parameter. */
const PATH_CHARACTER = /[A-Za-z0-9\-._~!$&'()*+,:@=]/;
/** As they are, controls, spaces, bytes over ASCII, a fragment and `\` have no place in a target. */
const NOT_IN_TARGET = /[^\x21-\x7e]|[#\\]/;
/** Nobody escapes so often but to hide something, and each round takes its time. */
const MAX_ROUNDS = 4;
/** Nothing in it can be read in two ways: most paths are like that, and need no closer look. */
const PLAIN_PATH = /^(?:\/(?!\.)[\w\-.~!$&'()*+,:@=]*)+$/;
/** `..;a` too: some servers take parameters off before they look; others do so with blanks. */
const DOT_SEGMENT = /^\s*\.{1,2}\s*(?:;.*)?$/s;
/**
 * What comes back is for comparing; what goes on is what the guest sent.
 *
 * `path`: printable ASCII, beginning with `/`; escapes of plain characters are undone and all
 * others upper case. `%2F` stays, for hosts where it is part of a name (`/@scope%2Fpackage`):
 * `matchRequest` lets it fit only where the rule itself has it. `query`: as sent, without `?`.
 *
 * @throws {Denied} `malformed`.
 */
function normalisePath(pathAndQuery) {
    if (!pathAndQuery.startsWith('/'))
        throw malformed('the path does not begin with a slash');
    if (NOT_IN_TARGET.test(pathAndQuery)) {
        throw malformed('the path or the query has a character that must be escaped');
    }
    const question = pathAndQuery.indexOf('?');
    const end = question < 0 ? pathAndQuery.length : question;
    const written = pathAndQuery.slice(0, end);
    const query = pathAndQuery.slice(end + 1);
    if (PLAIN_PATH.test(written))
        return { path: written, query };
    checkPath(written);
    return { path: normaliseEscapes(written), query };
}
/** The same path in the one way of writing it that paths are compared in. */
function normaliseEscapes(path) {
    return path.replace(ESCAPE, (written, hex) => {
        const character = String.fromCharCode(Number.parseInt(hex, 16));
        return PATH_CHARACTER.test(character) ? character : written.toUpperCase();
    });
}
function checkPath(written) {
    if (BAD_ESCAPE.test(written))
        throw malformed('the path has a broken escape');
    const once = undoEscapes(written);
    if (!(0,node_buffer__WEBPACK_IMPORTED_MODULE_0__.isUtf8)(Buffer.from(once, 'latin1')))
        throw malformed('the path is not UTF-8');
    // A server behind a server may undo escapes again; then nothing that divides may come to light.
    const decoded = undoAllEscapes(once, MAX_ROUNDS);
    if (/[\x00-\x1f\x7f]/.test(decoded))
        throw malformed('the path has an escaped control character');
    if (decoded.includes('\\'))
        throw malformed('the path has an escaped backslash');
    if (slashes(decoded) > slashes(once))
        throw malformed('the path has a slash escaped twice');
    const segments = Buffer.from(decoded, 'latin1').toString().normalize('NFKC').split(/[/\\]/);
    if (segments.some((segment) => DOT_SEGMENT.test(segment))) {
        throw malformed('the path has a dot segment');
    }
}
function slashes(text) {
    return text.split('/').length;
}
function undoAllEscapes(text, rounds) {
    const next = undoEscapes(text);
    if (next === text)
        return text;
    if (rounds === 0)
        throw malformed('the path has escapes of escapes');
    return undoAllEscapes(next, rounds - 1);
}
/** One character a byte. */
function undoEscapes(text) {
    return text.replace(ESCAPE, (_, hex) => String.fromCharCode(Number.parseInt(hex, 16)));
}
function malformed(detail) {
    return new _denied_js__WEBPACK_IMPORTED_MODULE_1__/* .Denied */ .C('malformed', detail);
}


/***/ }),

/***/ 3409:
/***/ ((__unused_webpack___webpack_module__, __webpack_exports__, __nccwpck_require__) => {

/* harmony export */ __nccwpck_require__.d(__webpack_exports__, {
/* harmony export */   I3: () => (/* binding */ checkName),
/* harmony export */   MU: () => (/* binding */ askProxy),
/* harmony export */   Pq: () => (/* binding */ readInto),
/* harmony export */   iJ: () => (/* binding */ proxyFor),
/* harmony export */   sO: () => (/* binding */ addressesOf)
/* harmony export */ });
/* harmony import */ var node_net__WEBPACK_IMPORTED_MODULE_0__ = __nccwpck_require__(7030);
/* harmony import */ var _beginning_js__WEBPACK_IMPORTED_MODULE_2__ = __nccwpck_require__(6478);
/* harmony import */ var _denied_js__WEBPACK_IMPORTED_MODULE_1__ = __nccwpck_require__(1666);
/** Where the runner itself reaches the internet through a proxy only, so do upstreams. */



const ANSWER_TIMEOUT_MS = 10_000;
const MAX_HEAD_BYTES = 16 * 1024;
const PLAIN_PORT = 80;
/** Names that mean something else wherever they are looked up (RFC 6761, 6762, 8375; and clouds). */
const LOCAL_SUFFIXES = ['localhost', 'local', 'internal', 'home.arpa', 'onion'];
/** The proxy for that target; undefined: it is dialled directly. */
function proxyFor(proxy, target) {
    if (proxy === undefined || isExcepted(proxy.except, target))
        return undefined;
    return target.port === PLAIN_PORT ? proxy.http : proxy.https;
}
/** As curl reads `NO_PROXY`: a name stands for itself and all names below it; `*` for all. */
function isExcepted(except, { host, port }) {
    return except.some((entry) => {
        const [, name = '', only] = /^(.*?)(?::(\d+))?$/.exec(entry) ?? [];
        if (only !== undefined && Number(only) !== port)
            return false;
        const plain = name.replace(/^\*?\./, '');
        return name === '*' || (plain !== '' && (host === plain || host.endsWith(`.${plain}`)));
    });
}
/**
 * The addresses are the proxy's to find and cannot be checked here. So names that are local
 * wherever they are looked up are refused by themselves. @throws {Denied} `private-address`
 */
function checkName({ host }) {
    const isLocal = LOCAL_SUFFIXES.some((name) => host === name || host.endsWith(`.${name}`));
    if (!isLocal && host.includes('.'))
        return;
    throw new _denied_js__WEBPACK_IMPORTED_MODULE_1__/* .Denied */ .C('private-address', `the name ${host} is one of the proxy's own network`);
}
/** Its addresses, as they are: where the workflow's proxy is, is the workflow's word. */
async function addressesOf({ host, port }, lookup) {
    if ((0,node_net__WEBPACK_IMPORTED_MODULE_0__.isIP)(host) !== 0)
        return [{ address: host, port }];
    return (await lookup(host)).map(({ address }) => ({ address, port }));
}
/**
 * Asks the proxy on `socket` for the target, and leaves what follows its answer to be read.
 * @throws {Denied} `upstream-connect`, `upstream-timeout`
 */
async function askProxy(socket, proxy, target) {
    const where = `${target.host}:${target.port}`;
    const credential = proxy.authorization && `Proxy-Authorization: ${proxy.authorization}\r\n`;
    socket.write(`CONNECT ${where} HTTP/1.1\r\nHost: ${where}\r\n${credential}\r\n`);
    const refusal = (why) => new _denied_js__WEBPACK_IMPORTED_MODULE_1__/* .Denied */ .C('upstream-connect', `the runner's proxy did not let ${where} through: ${why}`);
    const status = await (0,_beginning_js__WEBPACK_IMPORTED_MODULE_2__/* .readBeginning */ .i)(socket, {
        timeoutMs: ANSWER_TIMEOUT_MS,
        parse: (bytes) => {
            const end = bytes.indexOf('\r\n\r\n');
            if (end < 0 && bytes.length <= MAX_HEAD_BYTES)
                return undefined;
            const code = /^HTTP\/1\.[01] (\d{3})\b/.exec(bytes.toString('latin1', 0, 16))?.[1];
            return { value: Number(end < 0 ? 0 : code), used: Math.max(end + 4, 0) };
        },
        refusal,
    });
    if (!(status >= 200 && status < 300)) {
        throw refusal(status > 0 ? `status ${status}` : 'no answer in HTTP');
    }
}
/** For who wanted to read with `onread`: what was read already goes the same way as what comes. */
function readInto(socket, { callback }) {
    socket.pause();
    socket.on('data', (chunk) => {
        if (!callback(chunk.length, chunk))
            socket.pause();
    });
}


/***/ }),

/***/ 841:
/***/ ((__unused_webpack___webpack_module__, __webpack_exports__, __nccwpck_require__) => {

/* harmony export */ __nccwpck_require__.d(__webpack_exports__, {
/* harmony export */   _: () => (/* binding */ compileRoutes),
/* harmony export */   p: () => (/* binding */ matchRequest)
/* harmony export */ });
/* harmony import */ var _denied_js__WEBPACK_IMPORTED_MODULE_0__ = __nccwpck_require__(1666);
/* harmony import */ var _path_js__WEBPACK_IMPORTED_MODULE_1__ = __nccwpck_require__(2682);
/** Finds the route for a host, and says whether a request fits it. */


/** A few `.*` in one expression take the power of that of steps: longer paths are not tried. */
const MAX_REGEX_PATH_LENGTH = 2048;
const ENCODED_SLASH = '%2F';
/** What a manifest may write as it is and a request may not. */
const UNESCAPED = /[^\x21-\x7e]+/g;
/** They tell some servers to take another method or path than the one that was judged. */
const OVERRIDES = new Set([
    'x-http-method',
    'x-http-method-override',
    'x-method-override',
    'x-original-url',
    'x-rewrite-url',
]);
const compiled = new WeakMap();
/**
 * An exact host beats a suffix, a longer suffix a shorter one. A host has one route; were there two,
 * the first counts.
 */
function compileRoutes(routes) {
    const byHost = new Map(routes.toReversed().map((route) => [route.host, route]));
    return {
        find({ host, port }) {
            const route = byHost.get(host) ?? findSuffix(byHost, host);
            if (!route)
                throw new _denied_js__WEBPACK_IMPORTED_MODULE_0__/* .Denied */ .C('no-route', `no route allows ${host}`);
            if (!route.ports.includes(port)) {
                throw new _denied_js__WEBPACK_IMPORTED_MODULE_0__/* .Denied */ .C('port', `the route for ${route.host} does not allow port ${port}`);
            }
            return route;
        },
    };
}
function findSuffix(byHost, host) {
    for (let dot = host.indexOf('.'); dot >= 0; dot = host.indexOf('.', dot + 1)) {
        const route = byHost.get(`*${host.slice(dot)}`);
        if (route)
            return route;
    }
    return undefined;
}
/** @throws {Denied} `no-match`, or `malformed` where it is an escaped slash that keeps it from fitting. */
function matchRequest(route, request) {
    if (route.matches.length === 0)
        return;
    const matches = compiled.get(route) ?? route.matches.map(compileMatch);
    compiled.set(route, matches);
    if (request.headers.some(([name]) => OVERRIDES.has(name.toLowerCase()))) {
        throw new _denied_js__WEBPACK_IMPORTED_MODULE_0__/* .Denied */ .C('no-match', 'a header may tell the upstream another method or path');
    }
    if (matches.some((match) => fits(match, request)))
        return;
    if (request.path.includes(ENCODED_SLASH) && matches.some(({ paths }) => paths)) {
        throw new _denied_js__WEBPACK_IMPORTED_MODULE_0__/* .Denied */ .C('malformed', 'the path has an escaped slash, and the route names paths');
    }
    throw new _denied_js__WEBPACK_IMPORTED_MODULE_0__/* .Denied */ .C('no-match', `the route for ${route.host} does not allow this request`);
}
function fits({ paths, methods, headers }, request) {
    return ((!methods || methods.has(request.method)) &&
        (!paths || paths.some((fitsPath) => fitsPath(request.path))) &&
        headers.every((wanted) => hasHeader(request, wanted)));
}
/** All of that name: which of two the upstream reads is not known here. */
function hasHeader({ headers }, wanted) {
    const values = headers.filter(([name]) => name.toLowerCase() === wanted.name);
    return values.length > 0 && values.every(([, value]) => value === wanted.value);
}
function compileMatch({ paths, methods, headers = [] }) {
    return {
        ...(paths && { paths: paths.map(compilePath) }),
        ...(methods && { methods: new Set(methods) }),
        headers: headers.map(({ name, value }) => ({ name: name.toLowerCase(), value })),
    };
}
/** As the Gateway API has them: a prefix ends where a segment does. */
function compilePath({ type, value }) {
    if (type === 'regex')
        return compileRegex(value);
    const wanted = (0,_path_js__WEBPACK_IMPORTED_MODULE_1__/* .normaliseEscapes */ .J)(value.toWellFormed().replace(UNESCAPED, encodeURIComponent));
    if (type === 'exact')
        return (path) => path === wanted;
    const prefix = wanted.replace(/\/$/, '');
    return (path) => {
        const rest = path.slice(prefix.length);
        return path.startsWith(prefix) && /^(?:\/|$)/.test(rest) && !rest.includes(ENCODED_SLASH);
    };
}
function compileRegex(value) {
    const regex = new RegExp(`^(?:${value})$`, 'u');
    const knowsSlash = value.toUpperCase().includes(ENCODED_SLASH);
    return (path) => path.length <= MAX_REGEX_PATH_LENGTH &&
        (knowsSlash || !path.includes(ENCODED_SLASH)) &&
        regex.test(path);
}


/***/ }),

/***/ 2178:
/***/ ((__unused_webpack___webpack_module__, __webpack_exports__, __nccwpck_require__) => {


// EXPORTS
__nccwpck_require__.d(__webpack_exports__, {
  s: () => (/* binding */ serveGateway)
});

// EXTERNAL MODULE: external "node:events"
var external_node_events_ = __nccwpck_require__(8474);
// EXTERNAL MODULE: external "node:fs/promises"
var promises_ = __nccwpck_require__(1455);
// EXTERNAL MODULE: external "node:net"
var external_node_net_ = __nccwpck_require__(7030);
// EXTERNAL MODULE: ./build/errors.js
var errors = __nccwpck_require__(9473);
// EXTERNAL MODULE: ./build/gateway/answer.js
var answer = __nccwpck_require__(875);
// EXTERNAL MODULE: ./build/gateway/audit.js
var audit = __nccwpck_require__(7814);
// EXTERNAL MODULE: ./build/gateway/denied.js
var denied = __nccwpck_require__(1666);
// EXTERNAL MODULE: ./build/gateway/exchange.js + 4 modules
var exchange = __nccwpck_require__(9682);
;// CONCATENATED MODULE: ./build/gateway/farewell.js
const LINGER_MS = 1_000;
/** What it sends meanwhile is dropped: to leave it unread would take the last words with it. */
function sayFarewell(socket, bytes) {
    socket.end(bytes);
    socket.resume();
    const timer = setTimeout(() => socket.destroy(), LINGER_MS).unref();
    socket.once('close', () => clearTimeout(timer));
}

;// CONCATENATED MODULE: external "node:http"
const external_node_http_namespaceObject = __WEBPACK_EXTERNAL_createRequire(import.meta.url)("node:http");
;// CONCATENATED MODULE: external "node:http2"
const external_node_http2_namespaceObject = __WEBPACK_EXTERNAL_createRequire(import.meta.url)("node:http2");
// EXTERNAL MODULE: ./build/gateway/header.js
var header = __nccwpck_require__(2144);
;// CONCATENATED MODULE: ./build/gateway/presence.js
const INTERVAL_MS = 1_000;
/** While `body`, which comes over `connection`, is paused; a guest that has left closes it. */
function watchPresence(body, connection) {
    const below = belowTls(connection);
    let timer;
    const stop = () => {
        clearInterval(timer);
        timer = undefined;
    };
    // Who does not read sees no end; to write nothing fails all the same where nobody listens.
    const ask = () => {
        if (!connection.writableEnded)
            below.write('');
    };
    const start = () => {
        timer ??= setInterval(ask, INTERVAL_MS);
    };
    body.on('pause', start).on('resume', stop).on('close', stop);
    connection.once('close', stop);
}
/**
 * Node's TLS keeps to itself what becomes of an empty write, and has no public name for what it
 * runs over: with another Node, who leaves is noticed late.
 */
function belowTls(connection) {
    return connection._parent ?? connection;
}

;// CONCATENATED MODULE: ./build/gateway/guest.js


/** What breaks HTTP/2's rules is reset, and an upgrade has no body. */
const NEVER = () => { };
function guestOfHttp1(request, response, onBroken = NEVER) {
    const headers = (0,header/* pairsOf */.fq)(request.rawHeaders);
    const { method = '', url = '' } = request;
    const isGone = () => response.closed || request.socket.destroyed;
    const hasBody = request.headers['transfer-encoding'] !== undefined ||
        Number(request.headers['content-length'] ?? 0) > 0;
    if (hasBody)
        watchPresence(request, request.socket);
    return {
        method,
        target: url,
        authorities: (0,header/* valuesOf */.sm)(headers, 'host'),
        headers,
        body: request,
        hasBody,
        expectsContinue: request.headers.expect?.toLowerCase() === '100-continue',
        sendContinue: () => response.writeContinue(),
        trailers: () => (0,header/* pairsOf */.fq)(request.rawTrailers),
        answer: (head) => {
            response.sendDate = false;
            response.writeHead(head.status, (0,header/* flatten */.Bq)(head.headers));
            // What has a length is sent with its first bytes; a stream of events is there from its head.
            if (!(0,header/* hasField */.RY)(head.headers, 'content-length'))
                response.flushHeaders();
            return response;
        },
        closing: (headers) => [...headers, ['Connection', 'close']],
        sendTrailers: (trailers) => {
            if (trailers.length > 0)
                response.addTrailers([...trailers]);
        },
        answered: () => response.headersSent,
        isGone,
        abort: () => request.socket.destroy(),
        onClose: (callback) => {
            if (isGone())
                callback();
            else
                response.on('close', callback);
        },
        onBroken,
    };
}
function guestOfHttp2(stream, fields, raw) {
    const headers = (0,header/* pairsOf */.fq)(raw);
    let after = [];
    let sent = [];
    stream.on('error', () => { });
    stream.on('trailers', (trailers) => {
        after = pairsOfObject(trailers);
    });
    return {
        method: fields[':method'] ?? '',
        target: fields[':path'] ?? '',
        authorities: [...new Set([fields[':authority'] ?? '', ...(0,header/* valuesOf */.sm)(headers, 'host')])],
        headers: headers.filter(([name]) => name !== 'host'),
        body: stream,
        hasBody: !stream.endAfterHeaders,
        expectsContinue: fields.expect === '100-continue',
        sendContinue: () => stream.additionalHeaders({ ':status': 100 }),
        trailers: () => after,
        answer: (head) => {
            stream.once('wantTrailers', () => stream.sendTrailers((0,header/* asObject */.eB)(sent)));
            const fields = { ...(0,header/* asObject */.eB)(head.headers), ':status': head.status };
            stream.respond(fields, { waitForTrailers: true });
            return stream;
        },
        closing: (headers) => headers,
        sendTrailers: (trailers) => {
            sent = trailers;
        },
        answered: () => stream.headersSent,
        isGone: () => stream.destroyed,
        abort: () => stream.destroy(new Error('the exchange was ended')),
        onClose: (callback) => {
            if (stream.destroyed)
                callback();
            else
                stream.once('close', callback);
        },
        onBroken: NEVER,
    };
}
/** Of an object as `node:http2` has it; a list is several fields of one name. */
function pairsOfObject(fields) {
    return Object.entries(fields).flatMap(([name, value]) => name.startsWith(':') ? [] : [value ?? []].flat().map((one) => [name, one]));
}

;// CONCATENATED MODULE: ./build/gateway/guest-server.js
/** Reads what the guest sends as HTTP: strictly, bounded in size and time, in both versions. */





const MAX_HEADER_BYTES = 32 * 1024;
const HEADERS_TIMEOUT_MS = 10_000;
const CHECK_MS = 1_000;
/** A connection without a request. */
const KEEP_ALIVE_MS = 2 * 60_000;
/** A model may think for a quarter of an hour before its next byte. */
const SILENCE_MS = 16 * 60_000;
const MAX_STREAMS = 100;
/** In a head that is no HTTP; in a body, the guest cancels its upload. */
const HUNG_UP = 'HPE_INVALID_EOF_STATE';
const WINDOW = 1024 * 1024;
/** Takes connections that something else accepted: hand them over with `emit('connection')`. */
function makeHttp1Server(handlers) {
    const refused = new WeakSet();
    const reading = new WeakMap();
    /** What goes wrong in here ends the connection that it goes wrong for, and no other. */
    const guarded = (socket, act) => {
        try {
            act();
        }
        catch (error) {
            refused.add(socket);
            handlers.refused(socket, (0,answer/* deniedBy */.ny)(error));
        }
    };
    const handle = (request, response) => guarded(request.socket, () => {
        // Node reads 0.9 and 2.0 here as if they were 1.1.
        if (request.httpVersionMajor !== 1) {
            throw new denied/* Denied */.C('malformed', 'this version of HTTP is not spoken here');
        }
        const fault = makeFault();
        reading.set(request.socket, { request, fault });
        const guest = guestOfHttp1(request, response, fault.on);
        handlers.request(guest, request.socket, { request, response });
    });
    const server = (0,external_node_http_namespaceObject.createServer)({
        insecureHTTPParser: false,
        maxHeaderSize: MAX_HEADER_BYTES,
        headersTimeout: HEADERS_TIMEOUT_MS,
        requestTimeout: 0,
        connectionsCheckingInterval: CHECK_MS,
        keepAliveTimeout: KEEP_ALIVE_MS,
        // Node answers by itself where `Host` is missing; ours is an answer with a name.
        requireHostHeader: false,
    });
    // All of them count: Node drops what is over the limit without a word.
    server.maxHeadersCount = 0;
    server.timeout = SILENCE_MS;
    server.on('request', handle).on('checkContinue', handle).on('checkExpectation', handle);
    server.on('connect', (request, socket, head) => guarded(socket, () => handlers.connect(request, socket, head)));
    server.on('upgrade', (request, socket, head) => guarded(socket, () => handlers.upgrade(request, socket, head)));
    server.on('clientError', (error, socket) => {
        // What is refused once may break further rules while it ends, and still hears the first refusal.
        if (refused.has(socket))
            return;
        refused.add(socket);
        const denied = deniedByParser(error);
        const current = reading.get(socket);
        const isInBody = current?.request.complete === false;
        if (denied === undefined || (isInBody && error.code === HUNG_UP))
            socket.destroy();
        else if (isInBody)
            current.fault.raise(denied);
        else
            handlers.refused(socket, denied);
    });
    // It never listens itself, and this is what starts its check of slow heads.
    server.emit('listening');
    return server;
}
function makeHttp2Server(handlers) {
    const server = (0,external_node_http2_namespaceObject.createServer)({
        maxHeaderListPairs: 1_000,
        settings: {
            maxConcurrentStreams: MAX_STREAMS,
            initialWindowSize: WINDOW,
            maxHeaderListSize: MAX_HEADER_BYTES,
        },
    });
    server.setTimeout(SILENCE_MS);
    server.on('stream', (stream, headers, _flags, raw) => {
        const socket = stream.session?.socket;
        handlers.request(guestOfHttp2(stream, headers, raw), socket);
    });
    server.on('sessionError', () => { });
    server.on('session', (session) => session.on('error', () => { }));
    return server;
}
/** Whoever listens last hears of it, also of what was raised before. */
function makeFault() {
    let raised;
    let tell = () => { };
    return {
        raise: (denied) => {
            raised = denied;
            tell(denied);
        },
        on: (callback) => {
            tell = callback;
            if (raised !== undefined)
                callback(raised);
        },
    };
}
/** Undefined: the connection broke, which is no request. */
function deniedByParser({ code = '' }) {
    if (code === 'HPE_HEADER_OVERFLOW' || code === 'HPE_CHUNK_EXTENSIONS_OVERFLOW') {
        return new denied/* Denied */.C('oversize', `the head of the request is larger than ${MAX_HEADER_BYTES} bytes`);
    }
    if (code === 'ERR_HTTP_REQUEST_TIMEOUT') {
        const seconds = HEADERS_TIMEOUT_MS / 1000;
        return new denied/* Denied */.C('timeout', `the head of the request was not there within ${seconds} s`);
    }
    if (!code.startsWith('HPE_'))
        return undefined;
    return new denied/* Denied */.C('malformed', `this is not HTTP as it is specified (${code})`);
}

// EXTERNAL MODULE: external "node:crypto"
var external_node_crypto_ = __nccwpck_require__(7598);
// EXTERNAL MODULE: ./build/gateway/beginning.js
var beginning = __nccwpck_require__(6478);
;// CONCATENATED MODULE: ./build/gateway/handshake.js
/** The first line of each connection: it shows that the relay of this bottle speaks. */



const TIMEOUT_MS = 5_000;
/** @throws {Denied} `handshake` when it is another line, comes too late or never. */
function takeHandshake(socket, token) {
    const expected = Buffer.from(`BOTTLE/1 ${token}\n`);
    return (0,beginning/* readBeginning */.i)(socket, {
        timeoutMs: TIMEOUT_MS,
        parse: (bytes) => {
            if (bytes.length < expected.length && !bytes.includes('\n'))
                return undefined;
            const line = bytes.subarray(0, expected.length);
            if (line.length < expected.length || !(0,external_node_crypto_.timingSafeEqual)(line, expected)) {
                throw refusal('another beginning');
            }
            return { value: undefined, used: expected.length };
        },
        refusal,
    });
}
function refusal(why) {
    return new denied/* Denied */.C('handshake', `the relay of this bottle did not say its line: ${why}`);
}

;// CONCATENATED MODULE: ./build/gateway/local.js
/** How clients in the guest name the relay. */
const OWN_HOSTS = new Set(['127.0.0.1:7711', 'localhost:7711']);
const HEALTH_PATH = '/bottle/health';
const SUPERVISE_PATH = '/mcp';
const GIT_PATH = '/git/';
/** A plain path, as a server is asked and not a proxy. */
function isLocal({ target, authorities }) {
    const [host = ''] = authorities;
    return target.startsWith('/') && authorities.length === 1 && OWN_HOSTS.has(host.toLowerCase());
}
function serveLocal({ supervise, git }, guest, { request, response }) {
    const [path] = (request.url ?? '').split('?');
    if (path === HEALTH_PATH && request.method === 'GET') {
        response.writeHead(200, { 'Content-Type': 'text/plain' }).end('ok\n');
    }
    else if (path === SUPERVISE_PATH) {
        supervise(request, response).catch(() => response.destroy());
    }
    else if (git !== undefined && guest.target.startsWith(GIT_PATH)) {
        git(guest);
    }
    else {
        response.writeHead(404, { 'Content-Type': 'text/plain' }).end('not found\n');
    }
}

// EXTERNAL MODULE: ./build/gateway/name.js + 1 modules
var gateway_name = __nccwpck_require__(5590);
// EXTERNAL MODULE: external "node:tls"
var external_node_tls_ = __nccwpck_require__(1692);
;// CONCATENATED MODULE: ./build/gateway/opened.js


const HANDSHAKE_TIMEOUT_MS = 10_000;
/** Below a `*.suffix` the guest may think of any number of names. */
const MAX_SERVERS = 256;
const OPENED = Symbol('opened');
/** `take` gets each connection once it is open; `originOfOpened` says what it was opened for. */
function makeTlsOpener({ authority }, take) {
    const openers = new Map();
    return (socket, origin, entry) => {
        const { host, port } = origin;
        const key = `${host}:${port}`;
        const opener = openers.get(key) ?? makeOpener(origin, authority, take);
        openers.delete(key);
        openers.set(key, opener);
        const [oldest] = openers.keys();
        if (openers.size > MAX_SERVERS && oldest !== undefined)
            openers.delete(oldest);
        opener.entries.push(entry);
        // Who hangs up before TLS is open has nothing more to hear.
        socket.allowHalfOpen = false;
        opener.server.emit('connection', socket);
    };
}
/**
 * To be asked for each request, whose lines take the place of the connection's own. Undefined: no
 * connection that was opened. Reads through HTTP/2's stand-in for the socket, too.
 */
function originOfOpened(socket) {
    const opened = socket[OPENED];
    opened?.entry.drop();
    return opened?.origin;
}
function makeOpener(origin, authority, take) {
    const { host } = origin;
    const entries = [];
    const server = (0,external_node_tls_.createServer)({
        ALPNProtocols: ['h2', 'http/1.1'],
        handshakeTimeout: HANDSHAKE_TIMEOUT_MS,
        minVersion: 'TLSv1.2',
        SNICallback: (_, done) => {
            const context = authority?.contextFor(host) ?? Promise.reject(new Error('no authority'));
            context.then((made) => done(null, made), done);
        },
    });
    server.on('secureConnection', (socket) => {
        const entry = entries.shift();
        if (entry === undefined)
            return socket.destroy();
        socket.allowHalfOpen = true;
        socket.once('close', () => entry.close(unused()));
        take(Object.assign(socket, { [OPENED]: { origin, entry } }));
    });
    server.on('tlsClientError', (error) => {
        entries.shift()?.close(error instanceof denied/* Denied */.C ? error : unfinished(error));
    });
    return { server, entries };
}
/** Some clients say nothing when they do not believe the certificate. */
function unused() {
    return new denied/* Denied */.C('not-tls', 'the guest opened TLS and left without a request');
}
function unfinished({ code = 'unknown' }) {
    return new denied/* Denied */.C('not-tls', `the guest did not finish opening TLS (${code})`);
}

;// CONCATENATED MODULE: ./build/gateway/origin.js
const DEFAULT_PORT = { http: 80, https: 443 };
function originOf(scheme, { host, port }, route) {
    const authority = port === DEFAULT_PORT[scheme] ? host : `${host}:${port}`;
    return { scheme, host, port, authority, route };
}

;// CONCATENATED MODULE: ./build/gateway/bulk.js
/** The second is for those that fill the first. */
const BUFFER_BYTES = [16 * 1024, 256 * 1024];
function makeBulk() {
    const [small, large] = BUFFER_BYTES;
    let next = Buffer.allocUnsafeSlow(small);
    let take = () => true;
    return {
        onread: {
            buffer: () => next,
            callback: (bytes, buffer) => {
                if (bytes === small && buffer.length === small)
                    next = Buffer.allocUnsafeSlow(large);
                return take(buffer.subarray(0, bytes));
            },
        },
        flow: (from, to, count) => {
            let held = false;
            const goOn = () => {
                if (held)
                    from.resume();
                held = false;
            };
            take = (chunk) => {
                count(chunk);
                if (from.destroyed)
                    return false;
                to.write(chunk, goOn);
                // What the kernel did not take at once is still in the buffer, which must stay as it is.
                held = to.writableLength > 0;
                return !held;
            };
            from.once('end', () => to.end());
            from.resume();
        },
    };
}

;// CONCATENATED MODULE: ./build/gateway/client-hello.js
/** Reads the first message of a TLS client: the name it asks for, and whether it hides another. */
/** Today's largest hellos, with post-quantum keys, take 2 KiB. */
const MAX_HELLO_LENGTH = 16 * 1024;
const MAX_RECORD_LENGTH = 2 ** 14;
const HANDSHAKE_RECORD = 22;
const CLIENT_HELLO = 1;
const HOST_NAME = 0;
const EXTENSION = { serverName: 0, alpn: 16, encryptedHello: 0xfe0d, encryptedName: 0xffce };
const MORE = { kind: 'more' };
const NOT_TLS = { kind: 'not-tls' };
/** `bytes`: all that the client has sent so far; what follows the hello is not looked at. */
function readClientHello(bytes) {
    try {
        const message = readMessage(bytes.subarray(0, MAX_HELLO_LENGTH));
        if (message)
            return readHello(message);
        return bytes.length < MAX_HELLO_LENGTH ? MORE : NOT_TLS;
    }
    catch (error) {
        if (error instanceof Malformed)
            return NOT_TLS;
        throw error;
    }
}
/** A length that lies, or a field that has no place. */
class Malformed extends Error {
}
function readFields(bytes) {
    let at = 0;
    const take = (length) => {
        if (at + length > bytes.length)
            throw new Malformed();
        at += length;
        return bytes.subarray(at - length, at);
    };
    const number = (size) => take(size).reduce((value, byte) => value * 256 + byte, 0);
    return {
        get left() {
            return bytes.length - at;
        },
        number,
        bytes: take,
        vector: (size) => readFields(take(number(size))),
        text: () => Buffer.from(take(bytes.length - at)).toString('latin1'),
        end() {
            if (at < bytes.length)
                throw new Malformed();
        },
    };
}
/**
 * The body of the hello, out of as many records as it came in; undefined when more must come. It is
 * alone in its records: a second message behind it would go by unread.
 */
function readMessage(bytes) {
    const fragments = [];
    let length = 0;
    let wanted;
    let rest = bytes;
    while (rest.length > 0) {
        const fragment = readRecord(rest);
        if (!fragment)
            return undefined;
        fragments.push(fragment);
        length += fragment.length;
        rest = rest.subarray(5 + fragment.length);
        wanted ??= readLength(Buffer.concat(fragments));
        if (wanted === undefined || length < wanted)
            continue;
        if (length > wanted)
            throw new Malformed();
        return Buffer.concat(fragments).subarray(4);
    }
    return undefined;
}
function readRecord(bytes) {
    const [type, major, , high, low] = bytes;
    if (type !== HANDSHAKE_RECORD || (major ?? 3) !== 3)
        throw new Malformed();
    if (high === undefined || low === undefined)
        return undefined;
    const length = high * 256 + low;
    if (length === 0 || length > MAX_RECORD_LENGTH)
        throw new Malformed();
    return bytes.length < 5 + length ? undefined : bytes.subarray(5, 5 + length);
}
/** Of the whole message; undefined when its head is not complete. */
function readLength(message) {
    if (message[0] !== CLIENT_HELLO)
        throw new Malformed();
    if (message.length < 4)
        return undefined;
    const length = readFields(message.subarray(1)).number(3);
    if (length > MAX_HELLO_LENGTH)
        throw new Malformed();
    return 4 + length;
}
/** RFC 8446, 4.1.2. */
function readHello(body) {
    const fields = readFields(body);
    const version = fields.number(2);
    fields.bytes(32);
    const session = fields.vector(1);
    const ciphers = fields.vector(2);
    const compressions = fields.vector(1);
    if (version >> 8 !== 3 || session.left > 32 || compressions.left === 0)
        return NOT_TLS;
    if (ciphers.left === 0 || ciphers.left % 2 !== 0)
        return NOT_TLS;
    const extensions = fields.left === 0 ? new Map() : readExtensions(fields.vector(2));
    fields.end();
    return {
        kind: 'hello',
        serverName: readServerName(extensions.get(EXTENSION.serverName)),
        encryptedHello: extensions.has(EXTENSION.encryptedHello) || extensions.has(EXTENSION.encryptedName),
        alpn: readProtocols(extensions.get(EXTENSION.alpn)),
    };
}
function readExtensions(list) {
    const extensions = new Map();
    while (list.left > 0) {
        const type = list.number(2);
        if (extensions.has(type))
            throw new Malformed();
        extensions.set(type, list.vector(2));
    }
    return extensions;
}
/** RFC 6066, 3: one entry a type, and no type but `host_name` was ever given out. */
function readServerName(extension) {
    if (!extension)
        return undefined;
    const list = extension.vector(2);
    extension.end();
    if (list.number(1) !== HOST_NAME)
        throw new Malformed();
    const name = list.vector(2).text();
    list.end();
    if (!/^[A-Za-z0-9._-]+$/.test(name))
        throw new Malformed();
    return name;
}
/** RFC 7301, 3.1. */
function readProtocols(extension) {
    if (!extension)
        return [];
    const list = extension.vector(2);
    extension.end();
    const protocols = [];
    while (list.left > 0)
        protocols.push(list.vector(1).text());
    if (protocols.length === 0 || protocols.includes(''))
        throw new Malformed();
    return protocols;
}

// EXTERNAL MODULE: ./build/gateway/dlp/scan.js + 1 modules
var dlp_scan = __nccwpck_require__(1887);
;// CONCATENATED MODULE: ./build/gateway/splice.js
/** Joins two connections: what one sends the other gets, until both have ended. */


/** A tunnel in which nothing moves for so long is a forgotten one. */
const splice_SILENCE_MS = 16 * 60_000;
/** One side has said all, and the other is silent: it has forgotten to close, most likely. */
const HALF_CLOSED_MS = 2 * 60_000;
/**
 * Resolves when both are closed; one that was cut cuts the other.
 *
 * @throws What `count`, `up` or `down` throw, or `upstream-…`; the guest is then the caller's to close.
 */
function splice({ guest, upstream, up, down, bulk, count, farewell }) {
    const { promise, resolve, reject } = Promise.withResolvers();
    const open = new Set([guest, upstream]);
    let failed = false;
    const cut = () => {
        upstream.destroy();
        if (!failed)
            guest.destroy();
    };
    const fail = (error) => {
        if (failed)
            return;
        failed = true;
        cut();
        guest.write(farewell?.(error) ?? '');
        reject(error);
    };
    const counting = (upward) => (chunk) => {
        try {
            count(upward ? chunk.length : 0, upward ? 0 : chunk.length);
        }
        catch (error) {
            fail(error);
        }
    };
    for (const connection of [guest, upstream]) {
        connection.setTimeout(splice_SILENCE_MS, cut);
        connection.once('end', () => {
            for (const side of open)
                side.setTimeout(HALF_CLOSED_MS);
        });
        connection.once('close', () => {
            open.delete(connection);
            // What is on its way to the other side still gets there, unless it was broken off here.
            if (!connection.readableEnded)
                cut();
            if (open.size === 0)
                resolve();
        });
    }
    guest.on('error', cut);
    watchPresence(guest, guest);
    upstream.on('error', (error) => {
        // Who has said all and hears a reset is not the worse for it.
        if (guest.readableEnded)
            cut();
        else
            fail((0,answer/* deniedBy */.ny)(error));
    });
    up?.on('error', fail);
    down?.on('error', fail);
    guest.on('data', counting(true));
    (up === undefined ? guest : guest.pipe(up)).pipe(upstream);
    if (bulk !== undefined)
        bulk.flow(upstream, guest, counting(false));
    else {
        upstream.on('data', counting(false));
        (down === undefined ? upstream : upstream.pipe(down)).pipe(guest);
    }
    return promise;
}

;// CONCATENATED MODULE: ./build/gateway/tunnel.js











const HELLO_TIMEOUT_MS = 10_000;
/** RFC 8446, 6: a fatal `access_denied`, so that the guest's TLS does not wait for more. */
const ACCESS_DENIED = Buffer.from([0x15, 3, 3, 0, 2, 2, 49]);
/** `authority`: what the CONNECT names. Never throws. */
async function tunnel(services, socket, authority, openTls) {
    const entry = (0,audit/* openEntry */.v)(services.recorder);
    entry.method = 'CONNECT';
    let accepted = false;
    try {
        await services.ready();
        const origin = judge(services, authority, entry);
        socket.write('HTTP/1.1 200 Connection Established\r\n\r\n');
        accepted = true;
        await checkHello(socket, origin);
        if (origin.route.tls === 'open')
            return openTls(socket, origin, entry);
        await carry(services, socket, origin, entry);
        entry.close();
    }
    catch (error) {
        if (error instanceof dlp_scan/* DlpDenied */.Os)
            entry.findings = error.findings;
        const denied = (0,answer/* deniedBy */.ny)(error);
        if (!accepted)
            entry.status = (0,answer/* refusalOf */.Of)(denied).status;
        sayFarewell(socket, accepted ? refusalInside(denied) : (0,answer/* refusalBytes */._h)(denied));
        entry.close(denied);
    }
}
function judge(services, authority, entry) {
    const target = (0,gateway_name/* parseAuthority */.P)(authority, undefined);
    Object.assign(entry, target);
    const route = services.routes.find(target);
    entry.route = route.host;
    services.inspector.name(route, target.host);
    // In an opened connection each request is judged.
    if (route.tls === 'tunnel')
        services.meter.admit(route);
    return originOf('https', target, route);
}
/** @throws {Denied} `not-tls`, `no-sni`, `encrypted-hello`, `name-mismatch` or `timeout` */
async function checkHello(socket, { host, route }) {
    const hello = await (0,beginning/* readBeginning */.i)(socket, {
        timeoutMs: HELLO_TIMEOUT_MS,
        parse: (bytes) => {
            const reading = readClientHello(bytes);
            return reading.kind === 'more' ? undefined : { value: reading, used: 0 };
        },
        refusal: (why) => new denied/* Denied */.C('timeout', `no TLS began after CONNECT: ${why}`),
    });
    if (hello.kind !== 'hello') {
        throw new denied/* Denied */.C('not-tls', `only TLS may go through CONNECT to ${host}`);
    }
    // Who opens TLS knows the name in any case, and browsers send a hello that only looks encrypted.
    if (hello.encryptedHello && route.tls === 'tunnel') {
        throw new denied/* Denied */.C('encrypted-hello', `TLS to ${host} hides the name that it asks for`);
    }
    if (hello.serverName === undefined) {
        throw new denied/* Denied */.C('no-sni', `TLS to ${host} does not say the name that it asks for`);
    }
    if ((0,gateway_name/* parseAuthority */.P)(hello.serverName, 0).host !== host) {
        throw new denied/* Denied */.C('name-mismatch', `TLS in the tunnel to ${host} asks for another name`);
    }
}
async function carry({ dial, meter }, guest, origin, entry) {
    const hungUp = new AbortController();
    guest.once('close', () => hungUp.abort());
    const bulk = makeBulk();
    const upstream = await dial(origin, hungUp.signal, bulk.onread);
    await splice({
        guest,
        upstream,
        bulk,
        count: (up, down) => {
            entry.bytesUp += up;
            entry.bytesDown += down;
            meter.count(origin.route, up, down);
        },
    });
}
/** Who spoke no TLS understands plain HTTP, at best. */
function refusalInside(denied) {
    return denied.rule === 'not-tls' ? (0,answer/* refusalBytes */._h)(denied) : ACCESS_DENIED;
}

// EXTERNAL MODULE: ./build/gateway/forward.js
var forward = __nccwpck_require__(460);
// EXTERNAL MODULE: external "node:stream"
var external_node_stream_ = __nccwpck_require__(7075);
;// CONCATENATED MODULE: ./build/gateway/frame.js
/** Reads WebSocket frames as they pass, shows each message to a scan, and frames what it lets on. */



const CONTINUATION = 0;
const CLOSE = 8;
const OPCODES = new Set([CONTINUATION, 1, 2, CLOSE, 9, 10]);
const MAX_CONTROL_LENGTH = 125;
/** RFC 6455, 7.4.1: against the policy of who receives it. */
const POLICY_VIOLATION = 1008;
/**
 * A message may come out in other fragments than it went in, but no later than its last byte; no
 * extension may be agreed on. Fails with `malformed`, and with what the scan throws.
 */
function scanFrames({ masked, scan, found }) {
    let waiting = Buffer.alloc(0);
    let head;
    let passed = 0;
    let message;
    /** What the scan lets on of a part of a frame, framed. */
    async function part(frame, payload, isLast) {
        const isControl = frame.opcode >= CLOSE;
        const current = isControl ? startMessage(frame.opcode, scan()) : message;
        if (current === undefined)
            throw malformed('a continuation of nothing');
        const isEnd = isLast && frame.final;
        const seen = [await current.scan.push(payload), ...(isEnd ? [await current.scan.end()] : [])];
        if (isEnd) {
            found(current.scan);
            if (!isControl)
                message = undefined;
        }
        const bytes = Buffer.concat(seen);
        if (bytes.length === 0 && !isEnd)
            return bytes;
        const opcode = current.begun ? CONTINUATION : current.opcode;
        current.begun = true;
        return frameOf(opcode, isEnd, bytes, masked);
    }
    async function step() {
        if (head === undefined) {
            head = readHead(waiting, masked);
            if (head === undefined)
                return undefined;
            waiting = waiting.subarray(head.size);
            passed = 0;
            if (head.opcode !== CONTINUATION && head.opcode < CLOSE) {
                if (message !== undefined)
                    throw malformed('a message inside a message');
                message = startMessage(head.opcode, scan());
            }
        }
        const frame = head;
        const left = frame.length - passed;
        // A control frame is so short that it goes in one piece.
        if (waiting.length < left && (waiting.length === 0 || frame.opcode >= CLOSE))
            return undefined;
        const payload = unmask(waiting.subarray(0, left), frame.mask, passed);
        waiting = waiting.subarray(payload.length);
        passed += payload.length;
        const isLast = passed === frame.length;
        if (isLast)
            head = undefined;
        return part(frame, payload, isLast);
    }
    async function take(chunk) {
        waiting = waiting.length === 0 ? chunk : Buffer.concat([waiting, chunk]);
        const out = [];
        for (let next = await step(); next !== undefined; next = await step())
            out.push(next);
        return Buffer.concat(out);
    }
    return new external_node_stream_.Transform({
        transform: (chunk, _, done) => {
            take(chunk).then((bytes) => done(null, bytes), done);
        },
    });
}
/** A frame of the gateway's own, to a client: it ends the connection and says why. */
function closeFrame(denied) {
    const reason = Buffer.from(`bottle-action: denied (${denied.rule})`);
    const code = Buffer.from([POLICY_VIOLATION >> 8, POLICY_VIOLATION & 0xff]);
    return frameOf(CLOSE, true, Buffer.concat([code, reason]), false);
}
function startMessage(opcode, scan) {
    return { opcode, scan, begun: false };
}
/** RFC 6455, 5.2. Undefined: not all of it is there yet. */
function readHead(bytes, masked) {
    const [first, second] = bytes;
    if (first === undefined || second === undefined)
        return undefined;
    const [final, opcode, short] = [first >= 0x80, first & 0x0f, second & 0x7f];
    const isControl = opcode >= CLOSE;
    if ((first & 0x70) !== 0 || !OPCODES.has(opcode))
        throw malformed('an unknown kind of frame');
    if (second >= 0x80 !== masked)
        throw malformed('a frame is masked where none is, or the reverse');
    if (isControl && (!final || short > MAX_CONTROL_LENGTH))
        throw malformed('a long control frame');
    const lengthSize = short === 126 ? 2 : short === 127 ? 8 : 0;
    const size = 2 + lengthSize + (masked ? 4 : 0);
    if (bytes.length < size)
        return undefined;
    const length = lengthSize === 0 ? short : Number(frame_readLength(bytes, lengthSize));
    if (length > Number.MAX_SAFE_INTEGER)
        throw malformed('a frame without end');
    const mask = masked ? Buffer.from(bytes.subarray(size - 4, size)) : undefined;
    return { final, opcode, length, mask, size };
}
function frame_readLength(bytes, size) {
    return size === 2 ? bytes.readUInt16BE(2) : bytes.readBigUInt64BE(2);
}
/** `offset`: where in the frame the bytes stand. */
function unmask(bytes, mask, offset) {
    if (mask === undefined)
        return bytes;
    const plain = Buffer.from(bytes);
    for (let i = 0; i < plain.length; i += 1) {
        plain[i] = (plain[i] ?? 0) ^ (mask[(offset + i) & 3] ?? 0);
    }
    return plain;
}
function frameOf(opcode, final, payload, masked) {
    const length = payload.length;
    const short = length <= MAX_CONTROL_LENGTH ? length : length < 65_536 ? 126 : 127;
    const extended = Buffer.alloc(short === 126 ? 2 : short === 127 ? 8 : 0);
    if (short === 126)
        extended.writeUInt16BE(length);
    if (short === 127)
        extended.writeBigUInt64BE(BigInt(length));
    const start = Buffer.from([(final ? 0x80 : 0) | opcode, (masked ? 0x80 : 0) | short]);
    if (!masked)
        return Buffer.concat([start, extended, payload]);
    const mask = (0,external_node_crypto_.randomBytes)(4);
    return Buffer.concat([start, extended, mask, unmask(payload, mask, 0)]);
}
function malformed(what) {
    return new denied/* Denied */.C('malformed', `the WebSocket breaks its rules: ${what}`);
}

;// CONCATENATED MODULE: ./build/gateway/upgrade.js
/** A WebSocket of the guest: an upgrade that is judged as a request, then frames both ways. */







const UPGRADE = [
    ['Connection', 'Upgrade'],
    ['Upgrade', 'websocket'],
];
/** Without an agreement on it, nothing is compressed. */
const EXTENSIONS = new Set(['sec-websocket-extensions']);
/** Node gives an upgrade without a way to answer it; `head`: what came behind it already. */
function upgradeOf(request, socket, head) {
    const response = new external_node_http_namespaceObject.ServerResponse(request);
    response.shouldKeepAlive = false;
    response.assignSocket(socket);
    response.once('finish', () => socket.destroySoon());
    if (head.length > 0)
        socket.unshift(head);
    const guest = guestOfHttp1(request, response);
    let switched = false;
    return {
        guest: {
            ...guest,
            answered: () => switched || guest.answered(),
            abort: () => socket.destroySoon(),
        },
        forward: (admitted) => forwardUpgrade(admitted, socket, () => {
            switched = true;
            response.detachSocket(socket);
        }),
    };
}
async function forwardUpgrade(admitted, socket, release) {
    const { services, origin, request, guest, entry } = admitted;
    if (request.method !== 'GET' || !asksForWebSocket(guest)) {
        throw new denied/* Denied */.C('malformed', 'the only upgrade is that to a WebSocket');
    }
    if (origin.route.meter !== undefined) {
        // Its clients turn to the event stream, the tokens of which can be counted.
        throw new denied/* Denied */.C('no-match', 'a route that is metered takes no WebSocket');
    }
    const scans = scansFor(admitted);
    const headers = scans === undefined ? request.headers : (0,header/* without */.FF)(request.headers, EXTENSIONS);
    const sent = services.pool.sendUpgrade(origin, { ...request, headers: [...headers, ...UPGRADE] });
    socket.once('close', sent.abort);
    const answer = await sent.answer;
    if (!('socket' in answer))
        return (0,forward/* download */.RG)(admitted, answer);
    socket.off('close', sent.abort);
    entry.status = 101;
    release();
    const seen = services.inspector.inboundHeaders(origin.route, answer.headers);
    socket.write(switching(seen), 'latin1');
    await splice({
        guest: socket,
        upstream: answer.socket,
        ...scans,
        count: (up, down) => {
            entry.bytesUp += up;
            entry.bytesDown += down;
            services.meter.count(origin.route, up, down);
        },
        farewell: (error) => (error instanceof denied/* Denied */.C ? closeFrame(error) : ''),
    });
}
/** Undefined: nothing on this route looks into frames. */
function scansFor({ services, origin, entry }) {
    const { inspector } = services;
    const looks = (direction) => inspector.frames(origin.route, direction) !== undefined;
    if (!looks('outbound') && !looks('inbound'))
        return undefined;
    const found = (scan) => (0,forward/* addFindings */.W7)(entry, scan);
    const scan = (direction) => () => inspector.frames(origin.route, direction) ?? BLIND;
    return {
        up: scanFrames({ masked: true, scan: scan('outbound'), found }),
        down: scanFrames({ masked: false, scan: scan('inbound'), found }),
    };
}
/** For the direction in which nothing is looked for. */
const BLIND = {
    push: async (chunk) => chunk,
    end: async () => new Uint8Array(),
    findings: () => [],
};
function asksForWebSocket({ headers }) {
    return headers.some(([name, value]) => {
        return name.toLowerCase() === 'upgrade' && value.toLowerCase() === 'websocket';
    });
}
function switching(headers) {
    const fields = [...(0,header/* endToEnd */.uO)(headers), ...UPGRADE];
    const lines = fields.map(([name, value]) => `${name}: ${value}\r\n`);
    return `HTTP/1.1 101 Switching Protocols\r\n${lines.join('')}\r\n`;
}

;// CONCATENATED MODULE: ./build/gateway/connection.js













const MAX_CONNECTIONS = 1024;
/** What takes each connection that comes in at the socket. */
function makeDoor(services) {
    const outside = makeHttp1Server(handlersOutside(services));
    let open = 0;
    return (socket) => {
        // The guest may reset at any moment; whoever reads the connection sees that it closed.
        socket.on('error', () => { });
        open += 1;
        socket.once('close', () => {
            open -= 1;
        });
        enter(services, socket, open).then(() => outside.emit('connection', socket), (error) => turnAway(services, socket, (0,answer/* deniedBy */.ny)(error)));
    };
}
async function enter(services, socket, open) {
    if (open > MAX_CONNECTIONS)
        throw new denied/* Denied */.C('busy', `${MAX_CONNECTIONS} connections are open`);
    await takeHandshake(socket, services.token);
}
function turnAway({ recorder }, socket, denied) {
    const entry = (0,audit/* openEntry */.v)(recorder);
    entry.status = (0,answer/* refusalOf */.Of)(denied).status;
    entry.close(denied);
    sayFarewell(socket, (0,answer/* refusalBytes */._h)(denied));
}
/** Before any CONNECT: a proxy, and the services of the bottle itself. */
function handlersOutside(services) {
    const inside = handlersInside(services);
    const [http1, http2] = [makeHttp1Server(inside), makeHttp2Server(inside)];
    const openTls = makeTlsOpener(services, (socket) => {
        (socket.alpnProtocol === 'h2' ? http2 : http1).emit('connection', socket);
    });
    return {
        request: (guest, _socket, raw) => {
            if (raw !== undefined && isLocal(guest))
                return serveLocal(services, guest, raw);
            (0,exchange/* exchange */.c)(services, guest, askOutside(services));
        },
        connect: (request, socket, head) => {
            if (head.length > 0)
                socket.unshift(head);
            tunnel(services, socket, request.url ?? '', openTls);
        },
        upgrade: (request, socket, head) => {
            const { guest, forward } = upgradeOf(request, socket, head);
            (0,exchange/* exchange */.c)(services, guest, askOutside(services), forward);
        },
        refused: (socket, denied) => turnAway(services, socket, denied),
    };
}
/** In a connection that was opened, the name of which is known and fixed. */
function handlersInside(services) {
    const refused = (socket, denied) => {
        originOfOpened(socket);
        turnAway(services, socket, denied);
    };
    return {
        request: (guest, socket) => (0,exchange/* exchange */.c)(services, guest, askInside(socket)),
        connect: (_, socket) => {
            refused(socket, new denied/* Denied */.C('malformed', 'CONNECT has no place inside CONNECT'));
        },
        upgrade: (request, socket, head) => {
            const { guest, forward } = upgradeOf(request, socket, head);
            (0,exchange/* exchange */.c)(services, guest, askInside(socket), forward);
        },
        refused,
    };
}
function askOutside({ routes, inspector }) {
    return (guest, entry) => {
        const { scheme, target, pathAndQuery } = (0,gateway_name/* parseAbsolute */.T)(guest.target);
        Object.assign(entry, target);
        if (scheme === 'https') {
            throw new denied/* Denied */.C('malformed', 'https goes through CONNECT, not through an absolute address');
        }
        checkHost(guest, target, 80);
        const route = routes.find(target);
        entry.route = route.host;
        inspector.name(route, target.host);
        return { origin: originOf('http', target, route), pathAndQuery };
    };
}
function askInside(socket) {
    const origin = originOfOpened(socket);
    return (guest, entry) => {
        if (origin === undefined)
            throw new denied/* Denied */.C('malformed', 'the connection was not opened');
        Object.assign(entry, { host: origin.host, port: origin.port, route: origin.route.host });
        checkHost(guest, origin, 443);
        return { origin, pathAndQuery: guest.target };
    };
}
/** @throws {Denied} `malformed` or `name-mismatch` */
function checkHost({ authorities }, { host, port }, defaultPort) {
    const [authority] = authorities;
    if (authorities.length !== 1 || authority === undefined) {
        throw new denied/* Denied */.C('malformed', 'a request has one Host field');
    }
    if (authority === host && port === defaultPort)
        return;
    const named = (0,gateway_name/* parseAuthority */.P)(authority, defaultPort);
    if (named.host !== host || named.port !== port) {
        throw new denied/* Denied */.C('name-mismatch', `the Host field names another server than ${host}:${port}`);
    }
}

;// CONCATENATED MODULE: ./build/gateway/outlet.js
/** What comes within this time goes out together: a write for each costs more than the rest of it. */
const TOGETHER_MS = 4;
function makeOutlet(streams) {
    let waiting = [];
    let drained;
    const flush = () => {
        if (waiting.length === 0)
            return;
        const lines = waiting.join('\n');
        waiting = [];
        if (streams.writeLine(lines) || drained !== undefined)
            return;
        drained = streams.drained().then(() => {
            drained = undefined;
        });
    };
    return {
        send: (message) => {
            if (waiting.push(JSON.stringify(message)) === 1)
                setTimeout(flush, TOGETHER_MS);
        },
        flush,
        ready: () => drained,
    };
}

;// CONCATENATED MODULE: ./build/gateway/authority.js
/** The run's certificate authority: made in memory, signs for the hosts that are opened, is never kept. */


const ALGORITHM = { name: 'ECDSA', namedCurve: 'P-256', hash: 'SHA-256' };
const DAY_MS = 24 * 3600 * 1000;
/** A guest's clock may be behind; an agent may run for three days. */
const VALID_MS = { before: DAY_MS, after: 4 * DAY_MS };
/**
 * Below a `*.suffix` the guest may think of any number of names. A context takes some 50 kB, and
 * one that is let go is freed late: to forget the old ones bounds nothing.
 */
const MAX_CONTEXTS = 1000;
/** Loads what makes certificates (60 ms) only now: a run without opened routes needs none of it. */
async function makeAuthority() {
    await __nccwpck_require__.e(/* import() */ 477).then(__nccwpck_require__.t.bind(__nccwpck_require__, 477, 19));
    const x509 = await __nccwpck_require__.e(/* import() */ 927).then(__nccwpck_require__.t.bind(__nccwpck_require__, 8927, 19));
    const { subtle } = globalThis.crypto;
    const keys = await subtle.generateKey(ALGORITHM, false, ['sign', 'verify']);
    // One pair for all leaves: whoever reads this memory has them all anyway, and a pair for each
    // would be one more thing that the guest can make us compute. TLS takes keys as PEM only.
    const leafKeys = await subtle.generateKey(ALGORITHM, true, ['sign', 'verify']);
    const leafKey = x509.PemConverter.encode(await subtle.exportKey('pkcs8', leafKeys.privateKey), 'PRIVATE KEY');
    const now = Date.now();
    const validity = {
        notBefore: new Date(now - VALID_MS.before),
        notAfter: new Date(now + VALID_MS.after),
    };
    const identifier = await x509.SubjectKeyIdentifierExtension.create(keys.publicKey);
    const certificate = await x509.X509CertificateGenerator.createSelfSigned({
        name: 'CN=bottle run authority',
        keys,
        signingAlgorithm: ALGORITHM,
        ...validity,
        extensions: [
            new x509.BasicConstraintsExtension(true, 0, true),
            new x509.KeyUsagesExtension(x509.KeyUsageFlags.keyCertSign, true),
            identifier,
        ],
    });
    const leafExtensions = [
        new x509.BasicConstraintsExtension(false, undefined, true),
        new x509.KeyUsagesExtension(x509.KeyUsageFlags.digitalSignature, true),
        new x509.ExtendedKeyUsageExtension([x509.ExtendedKeyUsage.serverAuth]),
        await x509.SubjectKeyIdentifierExtension.create(leafKeys.publicKey),
        new x509.AuthorityKeyIdentifierExtension(identifier.keyId),
    ];
    async function makeContext(host) {
        const leaf = await x509.X509CertificateGenerator.create({
            // A host's name may be longer than a subject's; clients look at the alternative name alone.
            subject: 'CN=bottle run',
            issuer: certificate.subject,
            publicKey: leafKeys.publicKey,
            signingKey: keys.privateKey,
            signingAlgorithm: ALGORITHM,
            ...validity,
            extensions: [
                ...leafExtensions,
                new x509.SubjectAlternativeNameExtension([{ type: 'dns', value: host }]),
            ],
        });
        return (0,external_node_tls_.createSecureContext)({ key: leafKey, cert: leaf.toString('pem') });
    }
    return {
        certificatePem: `${certificate.toString('pem')}\n`,
        contextFor: makeOnce(MAX_CONTEXTS, makeContext),
    };
}
/** Makes each value once, for all who ask while it is being made too, and no more than `limit`. */
function makeOnce(limit, make) {
    const made = new Map();
    return async (key) => {
        const known = made.get(key);
        if (known !== undefined)
            return known;
        if (made.size >= limit)
            throw new denied/* Denied */.C('busy', `more than ${limit} names were opened already`);
        const value = make(key);
        made.set(key, value);
        return value;
    };
}

// EXTERNAL MODULE: ./build/secret/token-pattern.js + 1 modules
var token_pattern = __nccwpck_require__(9722);
// EXTERNAL MODULE: external "node:zlib"
var external_node_zlib_ = __nccwpck_require__(8522);
;// CONCATENATED MODULE: ./build/gateway/dlp/decode.js
/** Undoes a body's Content-Encoding beside the body, so that it can be looked at. */


const UNPACKERS = new Map([
    ['gzip', () => external_node_zlib_.createGunzip()],
    ['x-gzip', () => external_node_zlib_.createGunzip()],
    ['br', () => external_node_zlib_.createBrotliDecompress()],
    ['zstd', () => external_node_zlib_.createZstdDecompress()],
    // RFC 9110 means zlib's format; some send the bare one.
    ['deflate', (first) => ((first & 15) === 8 ? external_node_zlib_.createInflate() : external_node_zlib_.createInflateRaw())],
]);
/** More than these times as many bytes as came in, beside a first mebibyte, are a bomb. */
const MAX_RATIO = 100;
const ALLOWANCE = 1024 * 1024;
const canDecode = (encoding) => UNPACKERS.has(encoding);
function createDecoder(encoding) {
    let unpacker;
    let failure;
    let parts = [];
    let [taken, made] = [0, 0];
    function start(first) {
        const unpacking = UNPACKERS.get(encoding)?.(first);
        if (!unpacking)
            throw new Error(`no decoder of ${encoding}`);
        unpacking.on('data', keep);
        unpacking.on('error', (error) => {
            failure ??= error;
        });
        return unpacking;
    }
    function keep(part) {
        made += part.length;
        parts.push(part);
        if (made > taken * MAX_RATIO + ALLOWANCE)
            unpacker?.destroy(new Error('it grows without bound'));
    }
    /** An unpacker that fails closes, but does not answer what was written. */
    async function settle(act) {
        const unpacking = unpacker;
        if (unpacking && !unpacking.closed) {
            const waiting = new AbortController();
            const closed = (0,external_node_events_.once)(unpacking, 'close', waiting).catch(() => { });
            await Promise.race([closed, new Promise((done) => act(unpacking, done))]);
            waiting.abort();
        }
        if (failure)
            throw failure;
        const all = Buffer.concat(parts);
        parts = [];
        return all;
    }
    return {
        push(chunk) {
            if (chunk.length > 0)
                unpacker ??= start(chunk[0] ?? 0);
            taken += chunk.length;
            return settle((unpacking, done) => unpacking.write(chunk, () => done()));
        },
        // It closes when all is out.
        end: () => settle((unpacking) => unpacking.end()),
    };
}

// EXTERNAL MODULE: ./build/secret/condense.js
var condense = __nccwpck_require__(9886);
;// CONCATENATED MODULE: ./build/gateway/dlp/head.js
/** Looks for secrets in all of a request but its body. */


/** So much that no match reaches from one value into the next. */
const BETWEEN = '\n'.repeat(condense/* MAX_GAP */.i7 + 1);
async function inspectHead({ host, pathAndQuery, headers }, partsFor) {
    const findings = [];
    async function scan(text, parts) {
        if (parts.detectors.length === 0 && parts.watchers.length === 0)
            return text;
        const scanning = (0,dlp_scan/* createScan */.ek)(parts);
        const first = await scanning.push(Buffer.from(text, 'latin1'));
        const seen = Buffer.concat([first, await scanning.end()]);
        findings.push(...scanning.findings());
        return seen.toString('latin1');
    }
    const mark = pathAndQuery.indexOf('?');
    const [path, query] = mark < 0 ? [pathAndQuery, ''] : [pathAndQuery.slice(0, mark), pathAndQuery.slice(mark + 1)];
    const fixed = [
        ['host', host],
        ...readings(path).map((text) => ['path', text]),
        ...readings(query).map((text) => ['query', text]),
        ['header', headers.map(([name]) => name).join(BETWEEN)],
    ];
    for (const [where, text] of fixed)
        await scan(text, { ...partsFor(where), onMatch: 'block' });
    const values = await scan(headers.map(([, value]) => value).join(BETWEEN), partsFor('header'));
    const seen = values.split(BETWEEN);
    return {
        pathAndQuery,
        headers: headers.map(([name], index) => [name, seen[index] ?? '']),
        findings: unique(findings),
    };
}
/** The text, and what it is after one and two rounds of URL decoding. */
function readings(text) {
    const once = decode(text);
    return [...new Set([text, once, decode(once)])];
}
function decode(text) {
    return text.replace(/%([\da-f]{2})|\+/gi, (_, digits) => digits ? String.fromCharCode(Number.parseInt(digits, 16)) : ' ');
}
function unique(findings) {
    return [...new Map(findings.map((finding) => [JSON.stringify(finding), finding])).values()];
}

// EXTERNAL MODULE: ./build/secret/encoding.js
var encoding = __nccwpck_require__(2824);
// EXTERNAL MODULE: ./build/secret/matcher.js + 1 modules
var matcher = __nccwpck_require__(2547);
;// CONCATENATED MODULE: ./build/gateway/dlp/known-secret.js
/** Finds the values that must not leave, in all encodings of `src/secret`. */


function openSecretIndex(secrets) {
    let made;
    return () => {
        made ??= indexSecrets(secrets);
        return made;
    };
}
function indexSecrets(secrets) {
    const needles = secrets.flatMap(({ name, value }) => (0,encoding/* encodingsOf */.a_)(value).map((form) => ({ label: name, ...form })));
    const lower = needles.map(({ bytes, ...rest }) => ({
        ...rest,
        bytes: Buffer.from(Buffer.from(bytes).toString('latin1').toLowerCase(), 'latin1'),
    }));
    return { text: (0,matcher/* createMatcher */.P)(needles), host: (0,matcher/* createMatcher */.P)(lower) };
}
/**
 * What finds a route's own credential in what its upstream answers: whole and in one piece, so that
 * the last letters of an event are not kept back until the next one comes.
 */
function indexReflection({ name, value }) {
    const whole = (0,encoding/* encodingsOf */.a_)(value).filter(({ bytes, run }) => run === bytes.length);
    return (0,matcher/* createMatcher */.P)(whole.map((form) => ({ label: name, ...form })), 'none');
}
function detectSecrets(matcher) {
    const stream = matcher.stream();
    return {
        async push(chunk) {
            return stream.push(chunk).map((match) => ({ detector: 'known_secrets', ...match }));
        },
        end: async () => [],
        held: () => stream.held(),
    };
}

;// CONCATENATED MODULE: ./build/gateway/dlp/token-detector.js
/** Finds tokens of well-known vendors, by the rules of `src/secret`. */

/** `load` is called when there is something to give to the rules. */
function detectTokens(load) {
    const stream = (0,token_pattern/* matchTokens */.IT)(load);
    return {
        push: async (chunk) => (await stream.push(chunk)).map(toDetection),
        end: async () => (await stream.end()).map(toDetection),
        held: stream.held,
    };
}
const toDetection = (match) => ({ detector: 'token_patterns', ...match });

;// CONCATENATED MODULE: ./build/gateway/dlp/warning.js
/** Base64 of random bytes has 5 to 6 bits a character, hexadecimal 4, words of a language 2 to 4. */
const MIN_BITS = 4.5;
const WORD = /[\w+/=-]{20,}/g;
/** Of a longer word the first part is enough, and the end of a chunk may cut it there. */
const MAX_WORD = 256;
function watchEntropy() {
    return watch('entropy', MAX_WORD, (text) => {
        for (const [word] of text.matchAll(WORD))
            if (bitsPerCharacter(word.slice(0, MAX_WORD)) >= MIN_BITS)
                return ['random-looking text'];
        return [];
    });
}
/** Shannon's entropy of the word's own characters. */
function bitsPerCharacter(word) {
    const counts = new Map();
    for (const char of word)
        counts.set(char, (counts.get(char) ?? 0) + 1);
    let bits = 0;
    for (const count of counts.values())
        bits -= (count / word.length) * Math.log2(count / word.length);
    return bits;
}
/** By label, in UTF-8 read as Latin-1. Naive, as its name says: a tripwire, no wall. */
const INJECTIONS = {
    'instruction override': /(?:ignore|disregard|forget|override)\s+(?:all\s+|any\s+|the\s+|your\s+){0,3}(?:previous|prior|above|earlier|preceding|system)\s+(?:instruction|prompt|direction|rule|message)/i,
    'new role': /(?:you\s+are\s+now|act\s+as)\s+(?:an?\s+)?(?:unrestricted|jailbroken|dan\b|root\b)/i,
    'forged turn': /<\|?(?:im_start|system|endoftext)\|?>|\[\/?INST\]/,
    'order to hide': /(?:do\s+not|don't|never)\s+(?:tell|mention|inform|reveal\s+this\s+to)\s+(?:it\s+to\s+)?the\s+user/i,
    // U+E0000 to U+E007F.
    'hidden tags': /(?:\xf3\xa0[\x80\x81][\x80-\xbf]){4}/,
    // U+202A to U+202E and U+2066 to U+2069.
    'bidirectional controls': /\xe2\x80[\xaa-\xae]|\xe2\x81[\xa6-\xa9]/,
    // U+200B to U+200D, U+2060 and U+FEFF.
    'zero-width run': /(?:\xe2\x80[\x8b-\x8d]|\xe2\x81\xa0|\xef\xbb\xbf){4}/,
};
function watchInjection() {
    return watch('naive_injection_detection', 256, (text) => Object.entries(INJECTIONS).flatMap(([label, pattern]) => (pattern.test(text) ? [label] : [])));
}
/** `overlap`: so many bytes before a chunk are looked at again with it. */
function watch(detector, overlap, look) {
    let before = '';
    return {
        detector,
        push(chunk) {
            const text = before + Buffer.from(chunk).toString('latin1');
            before = text.slice(-overlap);
            return look(text);
        },
    };
}

;// CONCATENATED MODULE: ./build/gateway/dlp/inspector.js







/** `known`: the routes' credentials and all else whose value must not leave. */
function makeInspector(known) {
    // It takes its time, and many a run does not need it.
    const tokens = onceOnly(token_pattern/* loadTokenRules */.pE);
    function outbound({ dlp }, where) {
        const detectors = [];
        if (dlp.outbound.includes('known_secrets'))
            detectors.push(detectSecrets(where === 'host' ? known().host : known().text));
        if (dlp.outbound.includes('token_patterns'))
            detectors.push(detectTokens(tokens));
        const watchers = dlp.outbound.includes('entropy') ? [watchEntropy()] : [];
        return { where, onMatch: dlp.onMatch, detectors, watchers };
    }
    const reflected = reflections();
    function inbound(route, where) {
        const watchers = route.dlp.inbound.length > 0 ? [watchInjection()] : [];
        const own = reflected(route);
        const detectors = own === undefined ? [] : [detectSecrets(own)];
        return { where, onMatch: 'redact', detectors, watchers };
    }
    return {
        name(route, host) {
            // What a route names itself is the plan's word.
            if (host === route.host)
                return;
            const found = known().host.stream().push(Buffer.from(host, 'latin1'));
            if (found.length === 0)
                return;
            throw (0,dlp_scan/* refuse */.TR)('host', found.map(({ label }) => ({ detector: 'known_secrets', label })));
        },
        head: (route, head) => inspectHead(head, (where) => outbound(route, where)),
        outboundBody(route, headers) {
            if (route.dlp.outbound.length === 0)
                return undefined;
            const encoding = encodingOf(headers);
            if (encoding === '')
                return (0,dlp_scan/* createScan */.ek)(outbound(route, 'body'));
            if (canDecode(encoding))
                return (0,dlp_scan/* createDecodingScan */.$r)(() => outbound(route, 'body'), createDecoder(encoding));
            throw new dlp_scan/* DlpDenied */.Os('the body is encoded in a way that cannot be looked into', []);
        },
        inboundHeaders(route, headers) {
            const own = reflected(route);
            return own === undefined ? headers : maskValues(headers, own);
        },
        inboundBody(route, headers) {
            if (route.auth === undefined && route.dlp.inbound.length === 0)
                return undefined;
            const encoding = encodingOf(headers);
            const parts = () => inbound(route, 'body');
            if (encoding === '')
                return (0,dlp_scan/* createScan */.ek)(parts());
            if (route.auth === undefined)
                return canDecode(encoding) ? (0,dlp_scan/* createWatch */.AX)(parts(), createDecoder(encoding)) : undefined;
            if (canDecode(encoding))
                return (0,dlp_scan/* createDecodingScan */.$r)(parts, createDecoder(encoding));
            throw new dlp_scan/* DlpDenied */.Os('the answer is encoded in a way that cannot be looked into', []);
        },
        frames(route, direction) {
            if (direction === 'outbound')
                return route.dlp.outbound.length === 0 ? undefined : (0,dlp_scan/* createScan */.ek)(outbound(route, 'frame'));
            const isPlain = route.auth === undefined && route.dlp.inbound.length === 0;
            return isPlain ? undefined : (0,dlp_scan/* createScan */.ek)(inbound(route, 'frame'));
        },
    };
}
/** By route: what finds its own credential. An upstream can only reflect what it was sent. */
function reflections() {
    const made = new WeakMap();
    return (route) => {
        if (route.auth === undefined)
            return undefined;
        const known = made.get(route) ?? indexReflection(route.auth);
        made.set(route, known);
        return known;
    };
}
function maskValues(headers, matcher) {
    return headers.map(([name, value]) => {
        const bytes = Buffer.from(value, 'latin1');
        for (const { start, end } of matcher.stream().push(bytes))
            bytes.fill('*', start, end);
        return [name, bytes.toString('latin1')];
    });
}
function onceOnly(make) {
    let made;
    return () => {
        made ??= { value: make() };
        return made.value;
    };
}
/** Empty: none. Several are one that nobody knows. */
function encodingOf(headers) {
    return headers
        .filter(([name]) => name.toLowerCase() === 'content-encoding')
        .flatMap(([, value]) => value.toLowerCase().split(','))
        .map((coding) => coding.trim())
        .filter((coding) => coding !== '' && coding !== 'identity')
        .join(',');
}

// EXTERNAL MODULE: ./build/gateway/meter.js + 7 modules
var meter = __nccwpck_require__(5846);
;// CONCATENATED MODULE: ./build/gateway/session.js
/** HTTP/2 sessions with upstreams: many streams on one, a further one only when all are full. */

const IDLE_MS = 60_000;
const MAX_SESSIONS = 8;
/** A stream may be this far ahead of its reader; HTTP/2's own 64 KiB make long ways slow. */
const STREAM_WINDOW = 1024 * 1024;
const SESSION_WINDOW = 16 * STREAM_WINDOW;
/** What RFC 9113 advises, and what an upstream is taken to allow that did not say. */
const USUAL_STREAMS = 100;
function makeSessions() {
    const kept = new Map();
    const remove = (key, session) => {
        const rest = (kept.get(key) ?? []).filter((other) => other !== session);
        if (rest.length === 0)
            kept.delete(key);
        else
            kept.set(key, rest);
    };
    return {
        add: (key, socket) => {
            const http2 = (0,external_node_http2_namespaceObject.connect)(`https://${key}`, {
                createConnection: () => socket,
                settings: { enablePush: false, initialWindowSize: STREAM_WINDOW },
            });
            const session = { http2, streams: 0 };
            kept.set(key, [...(kept.get(key) ?? []), session]);
            http2.once('connect', () => http2.setLocalWindowSize(SESSION_WINDOW));
            // Its streams know of the error too, and tell it.
            http2.on('error', () => { });
            http2.on('goaway', () => remove(key, session));
            http2.on('close', () => remove(key, session));
            http2.setTimeout(IDLE_MS, () => {
                if (session.streams === 0)
                    http2.close();
            });
        },
        take: (key) => {
            const usable = (kept.get(key) ?? []).filter(({ http2 }) => !http2.closed && !http2.destroyed);
            const free = usable.find(({ http2, streams }) => streams < mostStreams(http2));
            if (free !== undefined || usable.length < MAX_SESSIONS)
                return free;
            return usable.reduce((a, b) => (a.streams <= b.streams ? a : b));
        },
    };
}
function mostStreams({ remoteSettings }) {
    return remoteSettings?.maxConcurrentStreams ?? USUAL_STREAMS;
}

;// CONCATENATED MODULE: ./build/gateway/upstream-request.js
/** A request on its way to an upstream, and the answer: the same for HTTP/1.1 and HTTP/2. */




/** A model may think for a quarter of an hour before its next byte. */
const upstream_request_SILENCE_MS = 16 * 60_000;
const silent = () => new denied/* Denied */.C('upstream-timeout', 'the upstream said nothing for 16 minutes');
function beginHttp1(agent, origin, request) {
    const outgoing = (0,external_node_http_namespaceObject.request)({
        agent,
        host: origin.host,
        port: origin.port,
        method: request.method,
        path: request.pathAndQuery,
        headers: ['Host', origin.authority, ...(0,header/* flatten */.Bq)(request.headers), ...framing(request)],
        timeout: upstream_request_SILENCE_MS,
    });
    outgoing.on('timeout', () => outgoing.destroy(silent()));
    return outgoing;
}
function sendHttp1(agent, origin, request) {
    const outgoing = beginHttp1(agent, origin, request);
    const answer = new Promise((resolve, reject) => {
        outgoing.on('error', reject);
        outgoing.on('response', (incoming) => resolve(answerOf(incoming)));
    });
    if (request.hasBody)
        outgoing.flushHeaders();
    return {
        body: outgoing,
        sendTrailers: (trailers) => outgoing.addTrailers([...trailers]),
        onContinue: (callback) => outgoing.once('continue', callback),
        answer,
        reused: () => outgoing.reusedSocket,
        abort: () => outgoing.destroy(),
    };
}
/** Asks for another protocol; an upstream may also just answer. */
function sendUpgrade(agent, origin, request) {
    const outgoing = beginHttp1(agent, origin, request);
    const answer = new Promise((resolve, reject) => {
        outgoing.on('error', reject);
        outgoing.on('response', (incoming) => resolve(answerOf(incoming)));
        outgoing.on('upgrade', (incoming, socket, head) => {
            if (head.length > 0)
                socket.unshift(head);
            resolve({ headers: (0,header/* pairsOf */.fq)(incoming.rawHeaders), socket });
        });
    });
    outgoing.end();
    return { answer, abort: () => outgoing.destroy() };
}
/** Node would guess the framing from the method. */
function framing({ method, headers, hasBody }) {
    if ((0,header/* hasField */.RY)(headers, 'content-length'))
        return [];
    if (hasBody)
        return ['Transfer-Encoding', 'chunked'];
    return METHODS_WITHOUT_BODY.has(method) ? [] : ['Content-Length', '0'];
}
const METHODS_WITHOUT_BODY = new Set(['GET', 'HEAD', 'DELETE', 'OPTIONS']);
function answerOf(incoming) {
    return {
        status: incoming.statusCode ?? 502,
        headers: (0,header/* pairsOf */.fq)(incoming.rawHeaders),
        body: incoming,
        trailers: () => (0,header/* pairsOf */.fq)(incoming.rawTrailers),
        isComplete: () => incoming.complete,
    };
}
const NOT_IN_HTTP2 = new Set(['host']);
function sendHttp2(session, origin, request) {
    const head = {
        ...(0,header/* asObject */.eB)((0,header/* without */.FF)(request.headers, NOT_IN_HTTP2)),
        ':method': request.method,
        ':scheme': 'https',
        ':authority': origin.authority,
        ':path': request.pathAndQuery,
    };
    const { hasBody } = request;
    const stream = session.http2.request(head, { endStream: !hasBody, waitForTrailers: hasBody });
    session.streams += 1;
    stream.once('close', () => {
        session.streams -= 1;
    });
    let sent = [];
    let after = [];
    stream.on('wantTrailers', () => stream.sendTrailers((0,header/* asObject */.eB)(sent)));
    stream.on('trailers', (trailers) => {
        after = pairsOfObject(trailers);
    });
    stream.setTimeout(upstream_request_SILENCE_MS, () => stream.destroy(silent()));
    const answer = new Promise((resolve, reject) => {
        stream.on('error', reject);
        stream.on('close', () => reject(new denied/* Denied */.C('upstream-reset', 'the upstream ended the stream')));
        stream.on('response', (fields) => {
            resolve({
                status: fields[':status'] ?? 502,
                headers: pairsOfObject(fields),
                body: stream,
                trailers: () => after,
                // A connection that breaks ends its streams as if all had come, but for this code.
                isComplete: () => stream.rstCode === 0,
            });
        });
    });
    return {
        body: stream,
        sendTrailers: (trailers) => {
            sent = trailers;
        },
        onContinue: (callback) => stream.once('continue', callback),
        answer,
        reused: () => true,
        abort: () => stream.destroy(),
    };
}

;// CONCATENATED MODULE: ./build/gateway/pool.js
/** Connections to upstreams, kept for the next request: HTTP/2 where it is offered, else HTTP/1.1. */




const MAX_SOCKETS = { ofOrigin: 1024, total: 2048, freeOfOrigin: 1024 };
const FREE_SOCKET_MS = 30_000;
const MAX_KNOWN = 1_000;
const GONE = new Error('nobody waits for this connection any more');
const FOREVER = new AbortController().signal;
function makePool(connect) {
    const sessions = makeSessions();
    /** What each origin spoke when it was asked last. */
    const known = new Map();
    /** The connections by which that was found, until their first request. */
    const fresh = new Map();
    const ask = async (origin, signal) => {
        const key = keyOf(origin);
        const socket = await connect(origin, ['h2', 'http/1.1'], signal);
        if (socket instanceof external_node_tls_.TLSSocket && socket.alpnProtocol === 'h2') {
            sessions.add(key, socket);
            return 'h2';
        }
        fresh.get(key)?.destroy();
        fresh.set(key, socket);
        return 'http/1.1';
    };
    const protocolOf = (origin) => {
        const key = keyOf(origin);
        const found = known.get(key);
        if (found !== undefined)
            return found;
        const controller = new AbortController();
        const protocol = ask(origin, controller.signal);
        const forget = () => {
            if (known.get(key) === asking)
                known.delete(key);
        };
        const cancel = () => {
            forget();
            controller.abort(GONE);
        };
        const asking = { protocol, waiting: 0, cancel };
        known.set(key, asking);
        protocol.then((spoken) => {
            if (known.get(key) === asking)
                known.set(key, spoken);
        }, forget);
        const [oldest] = known.keys();
        if (known.size > MAX_KNOWN && oldest !== undefined)
            known.delete(oldest);
        return asking;
    };
    const agents = {
        http: makeAgent((target) => connect(target, [], FOREVER)),
        https: makeAgent(async (target) => {
            const first = fresh.get(keyOf(target));
            fresh.delete(keyOf(target));
            return first?.destroyed === false ? first : connect(target, ['http/1.1'], FOREVER);
        }),
    };
    const sendOnce = async (origin, request, onGone) => {
        const asked = origin.scheme === 'http' ? 'http/1.1' : protocolOf(origin);
        const protocol = typeof asked === 'string' ? asked : await waitFor(asked, onGone);
        if (protocol === 'http/1.1')
            return sendHttp1(agents[origin.scheme], origin, request);
        const session = sessions.take(keyOf(origin));
        if (session !== undefined)
            return sendHttp2(session, origin, request);
        known.delete(keyOf(origin));
        return sendOnce(origin, request, onGone);
    };
    return {
        send: async (origin, request, onGone) => {
            const sendAgain = () => sendOnce(origin, request, onGone);
            const sent = await sendAgain();
            return isRepeatable(request) ? repeating(sent, sendAgain) : sent;
        },
        sendUpgrade: (origin, request) => sendUpgrade(agents[origin.scheme], origin, request),
    };
}
const keyOf = ({ host, port }) => `${host}:${port}`;
/** The last to leave ends it. */
function waitFor(asking, onGone) {
    const { promise, resolve, reject } = Promise.withResolvers();
    asking.waiting += 1;
    asking.protocol.then(resolve, reject);
    onGone(() => {
        reject(GONE);
        asking.waiting -= 1;
        if (asking.waiting === 0)
            asking.cancel();
    });
    return promise;
}
function makeAgent(connect) {
    const agent = new external_node_http_namespaceObject.Agent({
        keepAlive: true,
        maxSockets: MAX_SOCKETS.ofOrigin,
        maxTotalSockets: MAX_SOCKETS.total,
        maxFreeSockets: MAX_SOCKETS.freeOfOrigin,
        timeout: FREE_SOCKET_MS,
    });
    agent.createConnection = (options, callback) => {
        connect({ host: String(options.host), port: Number(options.port) }).then((socket) => callback?.(null, socket), 
        // Node's types want a connection beside the error; there is none.
        (error) => callback?.(error, undefined));
        return undefined;
    };
    return agent;
}
function isRepeatable({ method, hasBody }) {
    return !hasBody && (method === 'GET' || method === 'HEAD' || method === 'OPTIONS');
}
/** An upstream may close an idle connection at the moment in which a request is put on it. */
function repeating(first, again) {
    let current = first;
    let aborted = false;
    const answer = first.answer.catch(async (error) => {
        if (aborted || !first.reused())
            throw error;
        current = await again();
        current.body.end();
        return current.answer;
    });
    return {
        ...first,
        answer,
        abort: () => {
            aborted = true;
            current.abort();
        },
    };
}

// EXTERNAL MODULE: ./build/gateway/route-table.js
var route_table = __nccwpck_require__(841);
;// CONCATENATED MODULE: ./build/gateway/scrub.js
/** Takes the values that must not leave out of what the audit says: a guest may write them anywhere. */

function makeScrub(index) {
    return (said) => {
        if (said.length < encoding/* MIN_SECRET_LENGTH */.vb)
            return said;
        const known = index();
        const bytes = Buffer.from(said);
        // The second finds what has lost its capitals on the way into a host name.
        const found = [known.text, known.host].flatMap((matcher) => matcher.stream().push(bytes));
        if (found.length === 0)
            return said;
        for (const { start, end } of found)
            bytes.fill('*', start, end);
        return bytes.toString();
    };
}

;// CONCATENATED MODULE: ./build/gateway/supervise/recorder.js
const MAX_REQUESTS = 200;
const MAX_FIELD_LENGTH = 4096;
function makeRecorder(send) {
    let count = 0;
    return (tool, fields) => {
        if (count >= MAX_REQUESTS)
            return false;
        count += 1;
        const capped = Object.entries(fields).map(([name, text]) => [name, cap(text)]);
        const time = new Date().toISOString();
        send({ type: 'supervise', time, tool, fields: Object.fromEntries(capped) });
        return true;
    };
}
/** Half a character at the end would be none. */
function cap(text) {
    return text.slice(0, MAX_FIELD_LENGTH).toWellFormed();
}

;// CONCATENATED MODULE: ./build/gateway/supervise.js

const MAX_BODY_BYTES = 256 * 1024;
/** JSON-RPC 2.0, 5.1; the first of those that are left to servers. */
const RPC_ERROR = { parse: -32700, invalidRequest: -32600, refused: -32000 };
/** Answers requests to `/mcp`: streamable HTTP without sessions, one message a request. */
function makeSupervise(routes, send) {
    const desk = { routes, record: makeRecorder(send) };
    return async (request, response) => {
        if (request.method !== 'POST') {
            response.setHeader('Allow', 'POST');
            return refuse(response, 405, RPC_ERROR.refused, 'only POST is answered here');
        }
        const body = await readBody(request);
        if (body === undefined) {
            response.setHeader('Connection', 'close');
            const message = `a request has at most ${MAX_BODY_BYTES} bytes`;
            return refuse(response, 413, RPC_ERROR.refused, message);
        }
        const message = parseJson(body);
        if (message === undefined) {
            return refuse(response, 400, RPC_ERROR.parse, 'the request is not JSON');
        }
        // A batch may hold a request and its cancellation, and such a request is never answered.
        if (Array.isArray(message)) {
            return refuse(response, 400, RPC_ERROR.invalidRequest, 'batches are not taken');
        }
        // The SDK takes 100 ms to load: only when an agent asks.
        const { answerMessage } = await Promise.all(/* import() */[__nccwpck_require__.e(349), __nccwpck_require__.e(250)]).then(__nccwpck_require__.bind(__nccwpck_require__, 3250));
        const answer = await answerMessage(desk, request.headers, message);
        response.writeHead(answer.status, Object.fromEntries(answer.headers));
        response.end(await answer.text());
    };
}
/** Undefined when it is too large; then the rest is not read. */
async function readBody(request) {
    const chunks = [];
    let size = 0;
    for await (const chunk of request) {
        size += chunk.length;
        if (size > MAX_BODY_BYTES)
            return undefined;
        chunks.push(chunk);
    }
    return Buffer.concat(chunks).toString();
}
function parseJson(text) {
    try {
        return JSON.parse(text);
    }
    catch {
        return undefined;
    }
}
function refuse(response, status, code, message) {
    response.writeHead(status, { 'Content-Type': 'application/json' });
    response.end(JSON.stringify({ jsonrpc: '2.0', error: { code, message }, id: null }));
}

;// CONCATENATED MODULE: external "node:dns"
const external_node_dns_namespaceObject = __WEBPACK_EXTERNAL_createRequire(import.meta.url)("node:dns");
;// CONCATENATED MODULE: ./build/gateway/address.js
/** Which addresses are of the public internet, and what the others are for. */

/**
 * What no bottle may reach, though a name may lead there. From IANA's registries of special-purpose
 * addresses for IPv4 and IPv6, and the clouds' own services. The first that fits gives the reason.
 */
const SPECIAL = [
    [
        'of a cloud’s metadata service',
        ['169.254.0.0/16', '168.63.129.16/32', '100.100.100.200/32', '192.0.0.192/32', 'fd00:ec2::/32'],
    ],
    ['of this machine', ['127.0.0.0/8', '::1/128']],
    ['unspecified', ['0.0.0.0/8', '::/128']],
    ['private', ['10.0.0.0/8', '172.16.0.0/12', '192.168.0.0/16', 'fc00::/7', 'fec0::/10']],
    ['of a carrier’s network', ['100.64.0.0/10']],
    ['local to a link', ['fe80::/10']],
    ['multicast', ['224.0.0.0/4', 'ff00::/8']],
    ['of IPv4 inside IPv6', ['::ffff:0:0/96', '::ffff:0:0:0/96', '::/96']],
    ['translated to IPv4', ['64:ff9b::/96', '64:ff9b:1::/48']],
    ['of a tunnel to IPv4', ['2001::/32', '2002::/16', '192.88.99.0/24', '192.52.193.0/24']],
    [
        'for documentation',
        ['192.0.2.0/24', '198.51.100.0/24', '203.0.113.0/24', '2001:db8::/32', '3fff::/20'],
    ],
    ['for benchmarks', ['198.18.0.0/15', '2001:2::/48']],
    [
        'for protocols',
        ['192.0.0.0/24', '192.31.196.0/24', '192.175.48.0/24', '2001::/23', '2620:4f:8000::/48'],
    ],
    ['for discarding', ['100::/64', '100:0:0:1::/64']],
    ['reserved', ['240.0.0.0/4']],
];
/** One list a family: `BlockList` takes an IPv4 address for its mapped form too. */
const LISTS = {
    ipv4: SPECIAL.map(([reason, ranges]) => ({ reason, list: blockList(ranges, 'ipv4') })),
    ipv6: SPECIAL.map(([reason, ranges]) => ({ reason, list: blockList(ranges, 'ipv6') })),
};
/** All that IANA has given out so far; the rest of IPv6 leads nowhere that is public. */
const GLOBAL_UNICAST = blockList(['2000::/3'], 'ipv6');
/** `public`, or what the address is instead: `private`, `of this machine` … */
function classifyAddress(ip) {
    const version = (0,external_node_net_.isIP)(ip);
    if (version === 0 || ip.includes('%'))
        return 'not an address by itself';
    const family = version === 4 ? 'ipv4' : 'ipv6';
    const special = LISTS[family].find(({ list }) => list.check(ip, family));
    if (special)
        return special.reason;
    return family === 'ipv4' || GLOBAL_UNICAST.check(ip, family) ? 'public' : 'reserved';
}
function blockList(ranges, family) {
    const list = new external_node_net_.BlockList();
    for (const range of ranges) {
        const [network = '', bits] = range.split('/');
        if (network.includes(':') === (family === 'ipv6')) {
            list.addSubnet(network, Number(bits), family);
        }
    }
    return list;
}

// EXTERNAL MODULE: ./build/gateway/proxy.js
var gateway_proxy = __nccwpck_require__(3409);
;// CONCATENATED MODULE: ./build/gateway/upstream.js
/** Connects to the upstream behind a name: resolves it, checks the addresses, dials one of them. */





const upstream_TIMEOUT_MS = 10_000;
/** As RFC 8305 has it: while a server is slow over one address, the next is tried too. */
const STAGGER_MS = 250;
/** A name may have any number of addresses, and each attempt costs a socket. */
const MAX_ATTEMPTS = 8;
const TIMED_OUT = new Error('timed out');
function makeDialer(parts) {
    const { lookup = lookupAll, connect = connectTcp, timeoutMs = upstream_TIMEOUT_MS } = parts;
    const sentElsewhere = new Map(parts.connectTo.map((entry) => [upstream_keyOf(entry), entry]));
    const behind = (target) => sentElsewhere.has(upstream_keyOf(target)) ? undefined : (0,gateway_proxy/* proxyFor */.iJ)(parts.proxy, target);
    return {
        proxyFor: behind,
        async dial(target, signal, onread) {
            const begin = (endpoint) => connect(endpoint, onread);
            const limit = limited(signal, timeoutMs);
            try {
                const elsewhere = sentElsewhere.get(upstream_keyOf(target));
                if (elsewhere) {
                    const endpoint = { address: elsewhere.address, port: elsewhere.toPort };
                    return await race([endpoint], begin, limit.signal);
                }
                const proxy = behind(target);
                if (proxy) {
                    const socket = await dialProxy(proxy, target, { lookup, connect, limit: limit.signal });
                    if (onread)
                        (0,gateway_proxy/* readInto */.Pq)(socket, onread);
                    return socket;
                }
                const endpoints = await resolve(target, lookup, limit.signal);
                return checkPeer(await race(endpoints, begin, limit.signal), target);
            }
            catch (error) {
                signal.throwIfAborted();
                if (error instanceof denied/* Denied */.C)
                    throw error;
                const where = upstream_keyOf(target);
                throw error === TIMED_OUT
                    ? new denied/* Denied */.C('upstream-timeout', `${where} did not take the connection in time`)
                    : new denied/* Denied */.C('upstream-connect', `${where} could not be reached (${codeOf(error)})`);
            }
            finally {
                limit.release();
            }
        },
    };
}
/**
 * Aborts with `signal`, or with `TIMED_OUT`. `AbortSignal.any` would leave something behind at a
 * signal that outlives it, with each connection.
 */
function limited(signal, timeoutMs) {
    const controller = new AbortController();
    const onAbort = () => controller.abort(signal.reason);
    signal.addEventListener('abort', onAbort);
    if (signal.aborted)
        onAbort();
    const timer = setTimeout(() => controller.abort(TIMED_OUT), timeoutMs);
    return {
        signal: controller.signal,
        release: () => {
            clearTimeout(timer);
            signal.removeEventListener('abort', onAbort);
        },
    };
}
function upstream_keyOf({ host, port }) {
    return `${host}:${port}`;
}
function lookupAll(host) {
    return external_node_dns_namespaceObject.promises.lookup(host, { all: true, order: 'verbatim' });
}
function connectTcp({ address, port }, onread) {
    const options = { host: address, port, allowHalfOpen: true, noDelay: true };
    return onread === undefined
        ? (0,external_node_net_.connect)(options)
        : (0,external_node_net_.connect)({ ...options, onread }).pause();
}
async function dialProxy(proxy, target, { lookup, connect, limit }) {
    (0,gateway_proxy/* checkName */.I3)(target);
    const endpoints = await untilAborted((0,gateway_proxy/* addressesOf */.sO)(proxy, lookup), limit).catch((error) => {
        if (error === TIMED_OUT)
            throw error;
        throw new denied/* Denied */.C('upstream-dns', `the runner's proxy could not be resolved (${codeOf(error)})`);
    });
    const socket = await race(endpoints.slice(0, MAX_ATTEMPTS), connect, limit);
    try {
        await untilAborted((0,gateway_proxy/* askProxy */.MU)(socket, proxy, target), limit);
        return socket;
    }
    catch (error) {
        socket.destroy();
        throw error;
    }
}
/** Those of its addresses that are public. */
async function resolve({ host, port }, lookup, limit) {
    const found = await untilAborted(lookup(host), limit).catch((error) => {
        const why = error === TIMED_OUT ? 'no answer in time' : codeOf(error);
        throw new denied/* Denied */.C('upstream-dns', `the name ${host} could not be resolved (${why})`);
    });
    const [first] = found;
    if (!first)
        throw new denied/* Denied */.C('upstream-dns', `the name ${host} has no address`);
    const addresses = found.map(({ address }) => address);
    const reachable = addresses.filter((address) => classifyAddress(address) === 'public');
    if (reachable.length === 0) {
        const kind = classifyAddress(first.address);
        throw new denied/* Denied */.C('private-address', `the name ${host} leads to an address ${kind}`);
    }
    return takeTurns(reachable)
        .slice(0, MAX_ATTEMPTS)
        .map((address) => ({ address, port }));
}
/** The families one after the other, so that one of them being down costs one attempt. */
function takeTurns(addresses) {
    const [first = ''] = addresses;
    const sameFamily = addresses.filter((address) => (0,external_node_net_.isIP)(address) === (0,external_node_net_.isIP)(first));
    const others = addresses.filter((address) => (0,external_node_net_.isIP)(address) !== (0,external_node_net_.isIP)(first));
    return addresses.flatMap((_, at) => [
        ...sameFamily.slice(at, at + 1),
        ...others.slice(at, at + 1),
    ]);
}
async function untilAborted(work, limit) {
    const aborted = Promise.withResolvers();
    const onAbort = () => aborted.reject(limit.reason);
    limit.addEventListener('abort', onAbort);
    if (limit.aborted)
        onAbort();
    try {
        return await Promise.race([work, aborted.promise]);
    }
    finally {
        limit.removeEventListener('abort', onAbort);
    }
}
/** The first to connect; each is begun when the one before fails or has had its time. */
function race(endpoints, connect, limit) {
    const { promise, resolve, reject } = Promise.withResolvers();
    const trying = new Set();
    const waiting = [...endpoints];
    let stagger;
    function tryNext() {
        clearTimeout(stagger);
        const endpoint = waiting.shift();
        if (!endpoint)
            return;
        const socket = connect(endpoint);
        trying.add(socket);
        stagger = setTimeout(tryNext, STAGGER_MS);
        socket.once('connect', () => {
            trying.delete(socket);
            finish();
            resolve(socket);
        });
        // Stays for good: a socket that lost may still fail.
        socket.on('error', (error) => {
            if (!trying.delete(socket))
                return;
            if (waiting.length > 0)
                return tryNext();
            if (trying.size > 0)
                return;
            finish();
            reject(error);
        });
    }
    function onAbort() {
        finish();
        reject(limit.reason);
    }
    function finish() {
        clearTimeout(stagger);
        waiting.length = 0;
        limit.removeEventListener('abort', onAbort);
        for (const socket of trying)
            socket.destroy();
        trying.clear();
    }
    limit.addEventListener('abort', onAbort);
    if (limit.aborted)
        onAbort();
    else
        tryNext();
    return promise;
}
/** The address was checked before it was dialled; where the socket went has the last word. */
function checkPeer(socket, { host }) {
    const kind = classifyAddress(socket.remoteAddress ?? '');
    if (kind === 'public')
        return socket;
    socket.destroy();
    throw new denied/* Denied */.C('private-address', `the connection to ${host} went to an address ${kind}`);
}
function codeOf(error) {
    return error instanceof Error && 'code' in error ? String(error.code) : 'unknown reason';
}

// EXTERNAL MODULE: ./build/gateway/upstream-tls.js
var upstream_tls = __nccwpck_require__(3220);
;// CONCATENATED MODULE: ./build/gateway/services.js










async function makeServices(config, outlet, spawn) {
    const { routes, limits, connectTo, extraAuthorities } = config;
    const secrets = knownSecrets(config);
    const index = openSecretIndex(secrets);
    const scrub = makeScrub(index);
    const { dial, proxyFor } = makeDialer({ connectTo, proxy: config.proxy });
    const recorder = { send: outlet.send, scrub, open: [] };
    const shared = { dial, proxyFor, recorder, ready: outlet.ready, report: outlet.send };
    const opens = routes.some(({ tls }) => tls === 'open');
    return {
        token: config.token,
        routes: (0,route_table/* compileRoutes */._)(routes),
        dial,
        pool: makePool(async (target, protocols, signal) => {
            const socket = await dial(target, signal);
            if (protocols.length > 0) {
                const cancel = () => socket.destroy();
                signal.addEventListener('abort', cancel);
                const secured = (0,upstream_tls/* secure */.e)(socket, target, extraAuthorities, protocols);
                return secured.finally(() => signal.removeEventListener('abort', cancel));
            }
            // Who is kept for later and ends meanwhile is of no use.
            socket.allowHalfOpen = false;
            return socket;
        }),
        authority: opens ? await makeAuthority() : undefined,
        inspector: makeInspector(index),
        meter: (0,meter/* makeMeter */.E)(limits, routes, outlet.send),
        supervise: makeSupervise(routes, (asked) => {
            const fields = Object.entries(asked.fields).map(([name, text]) => [name, scrub(text)]);
            outlet.send({ ...asked, fields: Object.fromEntries(fields) });
        }),
        git: await openGitGate(config, { ...shared, spawn, extraAuthorities, secrets }),
        recorder,
        ready: outlet.ready,
    };
}
async function openGitGate({ git }, parts) {
    if (git === undefined)
        return undefined;
    const { makeGitGate } = await __nccwpck_require__.e(/* import() */ 373).then(__nccwpck_require__.bind(__nccwpck_require__, 9373));
    return makeGitGate(git, parts);
}
function knownSecrets({ routes, secrets, git }) {
    const credentials = [
        ...routes.flatMap(({ auth }) => auth ?? []),
        ...(git?.repositories ?? []).flatMap(({ access }) => (access.kind === 'token' ? access : [])),
    ];
    return [...secrets, ...credentials.map(({ name, value }) => ({ name, value }))];
}

;// CONCATENATED MODULE: ./build/gateway/warm-up.js
/** Does what the first requests would have to wait for, while the machine starts. */

/** Certificates that are made before anybody asks for them. */
const MOST_NAMES = 8;
/** What fails here fails again when it is asked for, and is told then. */
async function warmUp({ routes }, { authority }) {
    const opened = routes.filter(({ tls }) => tls === 'open');
    const names = opened.map(({ host }) => host).filter((host) => !host.startsWith('*'));
    // Whoever has a model is an agent, and asks the gateway for its tools too.
    const isAgent = routes.some(({ meter }) => meter !== undefined);
    const searches = opened.some(({ dlp }) => dlp.outbound.includes('token_patterns'));
    await Promise.allSettled([
        ...names.slice(0, MOST_NAMES).map((host) => authority?.contextFor(host)),
        ...(isAgent ? [Promise.all(/* import() */[__nccwpck_require__.e(349), __nccwpck_require__.e(250)]).then(__nccwpck_require__.bind(__nccwpck_require__, 3250))] : []),
        ...(searches ? [(0,token_pattern/* loadTokenRules */.pE)()] : []),
    ]);
}

;// CONCATENATED MODULE: ./build/gateway/server.js
/** The gateway process: takes its configuration, listens on the bottle's socket, ends with its parent. */










const MAX_CONFIG_BYTES = 16 * 1024 * 1024;
const BACKLOG = 1024;
/** Serves until stdin ends, which it does when the action stops the gateway or dies. */
async function serveGateway(streams, spawn) {
    const outlet = makeOutlet(streams);
    const input = streams.stdin[Symbol.asyncIterator]();
    let services;
    try {
        const config = await readConfig(input);
        services = await makeServices(config, outlet, spawn);
        outliveFaults(services);
        await listen(config.socket, makeDoor(services));
        const certificate = services.authority?.certificatePem ?? '';
        outlet.send({ type: 'ready', version: 1, certificate });
        void warmUp(config, services);
    }
    catch (error) {
        outlet.send({ type: 'failed', message: (0,errors/* messageOf */.bD)(error) });
        outlet.flush();
        return streams.exit(1);
    }
    while (!(await input.next()).done)
        ;
    (0,audit/* closeEntries */.B)(services.recorder);
    outlet.flush();
    return streams.exit(0);
}
async function readConfig(input) {
    const chunks = [];
    let size = 0;
    while (size <= MAX_CONFIG_BYTES) {
        const { value, done } = await input.next();
        if (done)
            throw new Error('stdin ended before the configuration was complete');
        chunks.push(value);
        size += value.length;
        if (value.includes(0x0a))
            return JSON.parse(Buffer.concat(chunks).toString());
    }
    throw new Error(`the configuration is larger than ${MAX_CONFIG_BYTES} bytes`);
}
/** A fault of ours that nothing else caught: it is not to end all that goes on beside it. */
function outliveFaults({ recorder }) {
    process.on('uncaughtException', (error) => (0,audit/* openEntry */.v)(recorder).close((0,answer/* faultOf */.Kl)(error)));
}
async function listen(path, onConnection) {
    // An end of the one direction is no end of the other: the relay keeps both.
    const server = (0,external_node_net_.createServer)({ allowHalfOpen: true }, onConnection);
    server.listen({ path, backlog: BACKLOG });
    await (0,external_node_events_.once)(server, 'listening');
    await (0,promises_.chmod)(path, 0o600);
}


/***/ }),

/***/ 3220:
/***/ ((__unused_webpack___webpack_module__, __webpack_exports__, __nccwpck_require__) => {

/* harmony export */ __nccwpck_require__.d(__webpack_exports__, {
/* harmony export */   O: () => (/* binding */ authoritiesWith),
/* harmony export */   e: () => (/* binding */ secure)
/* harmony export */ });
/* harmony import */ var node_tls__WEBPACK_IMPORTED_MODULE_0__ = __nccwpck_require__(1692);
/* harmony import */ var _denied_js__WEBPACK_IMPORTED_MODULE_1__ = __nccwpck_require__(1666);


const TIMEOUT_MS = 10_000;
/** Node's and OpenSSL's codes, as people say it. */
const REASONS = {
    CERT_HAS_EXPIRED: 'its certificate has expired',
    CERT_NOT_YET_VALID: 'its certificate is not valid yet',
    ERR_TLS_CERT_ALTNAME_INVALID: 'its certificate is for another name',
    DEPTH_ZERO_SELF_SIGNED_CERT: 'its certificate is of an unknown issuer: itself',
    SELF_SIGNED_CERT_IN_CHAIN: 'its certificate is of an unknown issuer',
    UNABLE_TO_GET_ISSUER_CERT: 'its certificate is of an unknown issuer',
    UNABLE_TO_GET_ISSUER_CERT_LOCALLY: 'its certificate is of an unknown issuer',
    UNABLE_TO_VERIFY_LEAF_SIGNATURE: 'its certificate is of an unknown issuer',
};
const contexts = new Map();
/**
 * Opens TLS (1.2 or later) over a connected socket and verifies chain and name. The socket is
 * destroyed when it fails.
 *
 * @param authorities PEM of certificates to trust beside the runner's store and Node's own.
 * @param alpn Protocols to offer, best first; none: the extension is left out.
 * @throws {Denied} `upstream-tls`, `upstream-timeout` or `upstream-reset`.
 */
function secure(socket, target, authorities, alpn) {
    const { promise, resolve, reject } = Promise.withResolvers();
    const secured = (0,node_tls__WEBPACK_IMPORTED_MODULE_0__.connect)({
        socket,
        servername: target.host,
        secureContext: contextFor(authorities),
        ...(alpn.length > 0 && { ALPNProtocols: [...alpn] }),
    });
    const fail = (denied) => {
        settle();
        // What comes after is of no interest, but an error that nobody hears ends the process.
        secured.on('error', () => { });
        secured.destroy();
        reject(denied);
    };
    const onError = (error) => fail(explain(error, target));
    const onClose = () => fail(new _denied_js__WEBPACK_IMPORTED_MODULE_1__/* .Denied */ .C('upstream-reset', `${target.host} closed the connection before TLS was open`));
    const timer = setTimeout(() => fail(new _denied_js__WEBPACK_IMPORTED_MODULE_1__/* .Denied */ .C('upstream-timeout', `${target.host} did not open TLS in time`)), TIMEOUT_MS);
    function settle() {
        clearTimeout(timer);
        secured.off('close', onClose);
    }
    secured.once('error', onError);
    secured.once('close', onClose);
    secured.once('secureConnect', () => {
        settle();
        secured.off('error', onError);
        resolve(secured);
    });
    return promise;
}
/** PEM of all that is trusted: the runner's store, Node's own, and these. Takes some 60 ms. */
function authoritiesWith(authorities) {
    const stores = [...(0,node_tls__WEBPACK_IMPORTED_MODULE_0__.getCACertificates)('system'), ...(0,node_tls__WEBPACK_IMPORTED_MODULE_0__.getCACertificates)('bundled')];
    return [...new Set(stores), ...(authorities === '' ? [] : [authorities])];
}
/** Made once, when the first upstream needs it. */
function contextFor(authorities) {
    const known = contexts.get(authorities);
    if (known)
        return known;
    const ca = authoritiesWith(authorities);
    const context = (0,node_tls__WEBPACK_IMPORTED_MODULE_0__.createSecureContext)({ ca, minVersion: 'TLSv1.2' });
    contexts.set(authorities, context);
    return context;
}
function explain(error, { host }) {
    const code = 'code' in error ? String(error.code) : '';
    if (code === 'ECONNRESET' || code === 'EPIPE') {
        return new _denied_js__WEBPACK_IMPORTED_MODULE_1__/* .Denied */ .C('upstream-reset', `${host} reset the connection before TLS was open`);
    }
    const reason = REASONS[code] ?? `no protocol or cipher that both know (${code})`;
    return new _denied_js__WEBPACK_IMPORTED_MODULE_1__/* .Denied */ .C('upstream-tls', `TLS to ${host} failed: ${reason}`);
}


/***/ }),

/***/ 4167:
/***/ ((__unused_webpack___webpack_module__, __webpack_exports__, __nccwpck_require__) => {


// EXPORTS
__nccwpck_require__.d(__webpack_exports__, {
  N: () => (/* binding */ spawnProcess)
});

// UNUSED EXPORTS: runProcess

;// CONCATENATED MODULE: external "node:child_process"
const external_node_child_process_namespaceObject = __WEBPACK_EXTERNAL_createRequire(import.meta.url)("node:child_process");
// EXTERNAL MODULE: external "node:fs"
var external_node_fs_ = __nccwpck_require__(3024);
;// CONCATENATED MODULE: external "node:os"
const external_node_os_namespaceObject = __WEBPACK_EXTERNAL_createRequire(import.meta.url)("node:os");
;// CONCATENATED MODULE: external "node:stream/promises"
const promises_namespaceObject = __WEBPACK_EXTERNAL_createRequire(import.meta.url)("node:stream/promises");
;// CONCATENATED MODULE: ./build/host/process-stream.js

/** The most that a pipe or socket may still hold when its last honest writer is gone. */
const LEFTOVER_BYTES = 2 * 1024 * 1024;
/** How many times somebody who still writes, a little at a time, is waited for again. */
const TRICKLE_ROUNDS = 4;
/**
 * Writes `source` to a child and closes. A reader that goes away is not an error; a source that
 * throws is, and is handed to `fail`.
 */
function feed(sink, source, fail) {
    async function* watched() {
        try {
            if (source instanceof Uint8Array)
                yield source;
            else
                yield* source;
        }
        catch (error) {
            fail(error);
        }
    }
    // The reader went away, perhaps after all was written; how the child ended says the rest.
    const ignore = () => { };
    sink.on('error', ignore);
    (0,promises_namespaceObject.pipeline)(watched, sink).catch(ignore);
}
/** Hands each chunk to `handler`, one at a time; what it throws ends the stream, by `fail`. */
function openDrain(stream, handler, fail) {
    let busy = false;
    let bytes = 0;
    let most = Number.POSITIVE_INFINITY;
    const ended = (async () => {
        for await (const chunk of stream) {
            busy = true;
            bytes += chunk.length;
            await handler(chunk);
            busy = false;
            if (bytes > most)
                break;
        }
    })().catch((error) => {
        busy = false;
        // We hung up ourselves.
        if (error?.code !== 'ERR_STREAM_PREMATURE_CLOSE')
            fail(error);
    });
    const silent = async (ms) => {
        most = Math.min(most, bytes + LEFTOVER_BYTES);
        for (let rounds = 0; rounds < TRICKLE_ROUNDS;) {
            const before = bytes;
            if (await settlesWithin(ended, ms))
                return bytes <= most;
            // A slow handler is given all the time it takes.
            if (busy)
                continue;
            if (bytes === before)
                return false;
            rounds += 1;
        }
        return false;
    };
    return {
        silent,
        close: async (ms) => {
            await silent(ms);
            stream.destroy();
            await ended;
        },
    };
}
async function settlesWithin(promise, ms) {
    let timer;
    const late = new Promise((resolve) => {
        timer = setTimeout(resolve, ms, false);
    });
    try {
        return await Promise.race([promise.then(() => true), late]);
    }
    finally {
        clearTimeout(timer);
    }
}

;// CONCATENATED MODULE: ./build/host/process.js
/** Child processes: the one place that owns their groups, streams, time limits and deaths. */




const DEFAULT_GRACE_MS = 2000;
/** How long output may stay silent after the child's end before whoever still holds it is ended. */
const SILENCE_MS = 250;
/**
 * Starts `argv` in a process group of its own; resolves once the program runs.
 *
 * Rejects when it cannot be started (the message names the program and the reason, never an
 * argument or the environment), and with the signal's reason when `signal` is aborted already.
 * `exit` rejects only when a handler or the stdin source threw; the group is ended before.
 */
async function spawnProcess(argv, options) {
    options.signal?.throwIfAborted();
    const started = performance.now();
    const child = await startChild(argv, options);
    const pid = child.pid;
    if (pid === undefined)
        throw new Error(`cannot start ${argv[0]}: it got no process id`);
    const death = new Promise((resolve) => {
        child.once('exit', (exitCode, signal) => resolve({ exitCode, signal }));
    });
    const group = ownGroup(pid, options.graceMs ?? DEFAULT_GRACE_MS);
    const failures = [];
    const fail = (error) => {
        failures.push(error);
        group.end();
    };
    const limits = armLimits(options, group.end);
    connectInputs(child, options, fail);
    const drains = connectOutputs(child, options, fail);
    const exit = (async () => {
        const ended = await death;
        const cause = limits.disarm();
        const drained = await Promise.all(drains.map((drain) => drain.silent(SILENCE_MS)));
        group.finish(drained.every(Boolean) ? 'leave' : 'kill');
        await Promise.all(drains.map((drain) => drain.close(SILENCE_MS)));
        for (const stream of child.stdio)
            stream?.destroy();
        if (failures.length > 0)
            throw failures[0];
        return { ...ended, ...cause, durationMs: performance.now() - started };
    })();
    // Whoever awaits `exit` still sees the rejection; who does not must not crash the action.
    exit.catch(() => { });
    return { pid, exit, kill: group.end };
}
/**
 * Runs `argv` to its end. A death by signal becomes 128 + its number, the time limit 124.
 * Rejects only when the command cannot be started.
 */
async function runProcess(argv, options) {
    const { input, env, ...limits } = options;
    const stdout = [];
    const stderr = [];
    const child = await spawnProcess(argv, {
        ...limits,
        ...(input === undefined ? {} : { stdin: input }),
        env: definedEntries(env),
        onStdout: (chunk) => void stdout.push(chunk),
        onStderr: (chunk) => void stderr.push(chunk),
    });
    return {
        exitCode: exitCodeOf(await child.exit),
        stdout: Buffer.concat(stdout).toString(),
        stderr: Buffer.concat(stderr).toString(),
    };
}
/** The one number a shell would give: 124 for our time limit, 128 + n for a death by signal n. */
function exitCodeOf(exit) {
    if (exit.timedOut)
        return 124;
    if (exit.exitCode !== null)
        return exit.exitCode;
    return 128 + (constants.signals[exit.signal] ?? 0);
}
function definedEntries(env) {
    return Object.fromEntries(Object.entries(env).filter((entry) => entry[1] !== undefined));
}
/** A child whose program runs, or a rejection that says why it does not. */
async function startChild(argv, options) {
    const [program, ...rest] = argv;
    if (!program)
        throw new Error('cannot start a process: the command is empty');
    try {
        const child = (0,external_node_child_process_namespaceObject.spawn)(program, rest, {
            detached: true,
            env: { ...options.env },
            stdio: [
                options.stdin ? 'pipe' : 'ignore',
                options.onStdout ? 'pipe' : 'ignore',
                options.onStderr ? 'pipe' : 'ignore',
                ...(options.fd3 || options.onChannel ? ['pipe'] : []),
            ],
            ...(options.cwd === undefined ? {} : { cwd: options.cwd }),
            ...(options.uid === undefined ? {} : { uid: options.uid }),
            ...(options.gid === undefined ? {} : { gid: options.gid }),
        });
        await new Promise((resolve, reject) => {
            child.once('spawn', resolve);
            child.once('error', reject);
        });
        return child;
    }
    catch (error) {
        throw new Error(`cannot start ${program}: ${spawnFailure(error, options.cwd)}`);
    }
}
/** Node's own message may quote arguments and environment values, so only the code is used. */
function spawnFailure(error, cwd) {
    const code = error.code ?? 'unknown error';
    switch (code) {
        case 'ENOENT':
            // The kernel reports a missing working directory and a missing program alike.
            return cwd !== undefined && !(0,external_node_fs_.existsSync)(cwd)
                ? `its working directory ${cwd} does not exist (ENOENT)`
                : 'no such program (ENOENT)';
        case 'EACCES':
            return 'it, or its working directory, may not be used (EACCES)';
        case 'E2BIG':
            return 'its arguments and environment are too long (E2BIG)';
        case 'ERR_INVALID_ARG_VALUE':
            return 'an argument or an environment value holds a NUL byte';
        default:
            return code;
    }
}
function ownGroup(pid, graceMs) {
    let state = 'running';
    let force;
    const send = (signal) => {
        try {
            process.kill(-pid, signal);
        }
        catch {
            // Nobody is left in the group.
        }
    };
    return {
        end: () => {
            if (state !== 'running')
                return;
            state = 'ending';
            if (graceMs === 0)
                return send('SIGKILL');
            send('SIGTERM');
            force = setTimeout(() => send('SIGKILL'), graceMs);
        },
        finish: (rest) => {
            clearTimeout(force);
            if (state === 'ending' || rest === 'kill')
                send('SIGKILL');
            state = 'finished';
        },
    };
}
/** Ends the group at the time limit or on abort; `disarm` tells which of them came first. */
function armLimits(options, end) {
    let cause;
    const onLimit = (which) => () => {
        cause ??= which;
        end();
    };
    const onAbort = onLimit('abort');
    const timer = options.timeoutMs === undefined ? undefined : setTimeout(onLimit('timeout'), options.timeoutMs);
    options.signal?.addEventListener('abort', onAbort, { once: true });
    if (options.signal?.aborted)
        onAbort();
    return {
        disarm: () => {
            clearTimeout(timer);
            options.signal?.removeEventListener('abort', onAbort);
            return { timedOut: cause === 'timeout', aborted: cause === 'abort' };
        },
    };
}
function connectInputs(child, options, fail) {
    const fd3 = child.stdio[3];
    if (options.stdin && child.stdin)
        feed(child.stdin, options.stdin, fail);
    if (options.fd3 && fd3 && 'write' in fd3)
        feed(fd3, options.fd3, fail);
    // Node makes it a socket: both ways.
    else if (fd3)
        options.onChannel?.(fd3);
}
function connectOutputs(child, options, fail) {
    const outputs = [
        [child.stdout, options.onStdout],
        [child.stderr, options.onStderr],
    ];
    return outputs.flatMap(([stream, handler]) => stream && handler ? [openDrain(stream, handler, fail)] : []);
}


/***/ }),

/***/ 9538:
/***/ ((__unused_webpack___webpack_module__, __webpack_exports__, __nccwpck_require__) => {

/* harmony export */ __nccwpck_require__.d(__webpack_exports__, {
/* harmony export */   b: () => (/* binding */ standardStreams)
/* harmony export */ });
/* harmony import */ var node_events__WEBPACK_IMPORTED_MODULE_0__ = __nccwpck_require__(8474);
/** This process's own standard streams, for an entry that speaks a protocol over them. */

const LAST_WORDS_MS = 1_500;
/** A reader of stdout that is gone ends the process: nobody would learn what it does. */
function standardStreams() {
    process.stdout.on('error', () => endNow(1));
    return {
        stdin: process.stdin,
        writeLine: (line) => process.stdout.write(`${line}\n`),
        drained: () => (0,node_events__WEBPACK_IMPORTED_MODULE_0__.once)(process.stdout, 'drain'),
        exit: (code) => new Promise(() => {
            process.stdout.write('', () => endNow(code));
            setTimeout(endNow, LAST_WORDS_MS, code);
        }),
    };
}
/** An ordinary end would wait for the lookups of names that nobody answers. */
function endNow(code) {
    const isLookingUp = process.getActiveResourcesInfo().includes('GetAddrInfoReqWrap');
    if (isLookingUp)
        process.kill(process.pid, 'SIGKILL');
    process.exit(code);
}


/***/ }),

/***/ 9886:
/***/ ((__unused_webpack___webpack_module__, __webpack_exports__, __nccwpck_require__) => {

/* harmony export */ __nccwpck_require__.d(__webpack_exports__, {
/* harmony export */   $t: () => (/* binding */ placeOf),
/* harmony export */   A6: () => (/* binding */ condenseBare),
/* harmony export */   CA: () => (/* binding */ NO_LETTERS),
/* harmony export */   SG: () => (/* binding */ movePlaces),
/* harmony export */   aX: () => (/* binding */ condense),
/* harmony export */   i7: () => (/* binding */ MAX_GAP)
/* harmony export */ });
/**
 * The letters and digits of a text without what stands between them, so that neither line breaks in
 * base64, nor colons in hexadecimal, nor a dash after each letter hide anything. `%XX`, `\xXX`,
 * `\uXXXX`, `&#N;` and `&#xX;` count as the letter that they stand for; `\n` and its like as a gap.
 */
/** More bytes than these between two letters, and they do not belong together. */
const MAX_GAP = 16;
const NO_LETTERS = { letters: new Uint8Array(0), places: new Int32Array(0) };
const [LETTER, ESCAPE] = [1, 2];
const KIND = new Uint8Array(256);
for (const letter of 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789')
    KIND[letter.charCodeAt(0)] = LETTER;
const codeOf = (letter) => letter.charCodeAt(0);
const [PERCENT, AMPERSAND] = ['%', '&'].map(codeOf);
const [HASH, SEMICOLON, U, X] = ['#', ';', 'u', 'x'].map(codeOf);
/** After a backslash. */
const GAPS = ['b', 'f', 'n', 'r', 't'].map(codeOf);
for (const mark of '%&\\')
    KIND[codeOf(mark)] = ESCAPE;
const NO_DIGIT = 16;
const MAX_DIGITS = 7;
const DIGIT = new Uint8Array(256).fill(NO_DIGIT);
for (const digit of '0123456789abcdefABCDEF')
    DIGIT[codeOf(digit)] = Number.parseInt(digit, 16);
let room = NO_LETTERS;
let bareRoom = new Uint8Array(0);
/**
 * The letters of `condense` without their places, which are what takes its time. Valid until the
 * next call only.
 */
function condenseBare(text, before) {
    const most = before.length + text.length + 1;
    if (bareRoom.length < most)
        bareRoom = new Uint8Array(most);
    const letters = bareRoom;
    letters.set(before);
    let length = before.length;
    let rest = 0;
    for (let at = 0;;) {
        bareEnd = text.length;
        length = copyBare(text, at, letters, length);
        at = bareEnd;
        if (at === text.length)
            break;
        const found = readEscape(text, at);
        if (found === 'cut') {
            rest = text.length - at;
            break;
        }
        if (KIND[found.byte] === LETTER)
            letters[length++] = found.byte;
        at += found.width;
    }
    return { letters: letters.subarray(0, length), rest };
}
/** Where `copyBare` stopped: at an escape or at the end. */
let bareEnd = 0;
function copyBare(text, from, letters, have) {
    const kinds = KIND;
    const end = text.length;
    let length = have;
    for (let at = from; at < end; at++) {
        const byte = text[at];
        const kind = kinds[byte];
        letters[length] = byte;
        if (kind === ESCAPE) {
            bareEnd = at;
            return length;
        }
        length += kind;
    }
    return length;
}
/** `before`: letters of an earlier text that belong in front; their places are below zero. */
function condense(text, before = NO_LETTERS) {
    const most = before.letters.length + text.length + 1;
    if (room.letters.length < most)
        room = { letters: new Uint8Array(most), places: new Int32Array(most) };
    room.letters.set(before.letters);
    room.places.set(before.places);
    const { letters, places } = room;
    let length = before.letters.length;
    let rest = 0;
    for (let at = 0;;) {
        length = copyLetters(text, at, room, length);
        at = (places[length] ?? 0) >> 3;
        if (at === text.length)
            break;
        const found = readEscape(text, at);
        if (found === 'cut') {
            rest = text.length - at;
            break;
        }
        if (KIND[found.byte] === LETTER) {
            letters[length] = found.byte;
            places[length++] = (at << 3) | found.width;
        }
        at += found.width;
    }
    return { letters: letters.subarray(0, length), places: places.subarray(0, length), rest };
}
/**
 * Up to the next escape or the end, whose place is put behind those of the letters. Returns the new
 * number of letters. The casts are for speed, as is that each byte is copied before it is judged.
 */
function copyLetters(text, from, to, have) {
    const { letters, places } = to;
    let length = have;
    for (let at = from; at < text.length; at++) {
        const byte = text[at];
        const kind = KIND[byte];
        letters[length] = byte;
        places[length] = (at << 3) | 1;
        if (kind === ESCAPE)
            return length;
        length += kind;
    }
    places[length] = text.length << 3;
    return length;
}
/** Where a letter starts and ends in the text. */
function placeOf({ places }, at) {
    const place = places[at] ?? 0;
    return { start: place >> 3, end: (place >> 3) + (place & 7) };
}
/** The same places, counted from `by` bytes further on. */
function movePlaces({ letters, places }, by) {
    return { letters, places: places.map((place) => place - by * 8) };
}
const NO_ESCAPE = { byte: 0, width: 1 };
const GAP = { byte: 0, width: 2 };
function readEscape(text, at) {
    if (text[at] === PERCENT)
        return readHex(text, at, 1, 2);
    if (at + 1 === text.length)
        return 'cut';
    const second = text[at + 1];
    if (text[at] === AMPERSAND)
        return second === HASH ? readEntity(text, at) : NO_ESCAPE;
    if (second === X)
        return readHex(text, at, 2, 2);
    if (second === U)
        return readHex(text, at, 2, 4);
    return GAPS.includes(second ?? 0) ? GAP : NO_ESCAPE;
}
/** A number of exactly so many digits. */
function readHex(text, at, skip, count) {
    let value = 0;
    for (let index = at + skip; index < at + skip + count; index++) {
        if (index >= text.length)
            return 'cut';
        const digit = DIGIT[text[index] ?? 0] ?? NO_DIGIT;
        if (digit === NO_DIGIT)
            return NO_ESCAPE;
        value = value * 16 + digit;
    }
    return { byte: value > 0xff ? 0 : value, width: skip + count };
}
/** A number of any length up to that of Unicode's last, and a semicolon. */
function readEntity(text, at) {
    const isHex = text[at + 2] === X;
    const start = at + (isHex ? 3 : 2);
    let value = 0;
    for (let index = start; index < start + MAX_DIGITS + 1; index++) {
        if (index >= text.length)
            return 'cut';
        if (text[index] === SEMICOLON && index > start)
            return { byte: value > 0xff ? 0 : value, width: index + 1 - at };
        const digit = DIGIT[text[index] ?? 0] ?? NO_DIGIT;
        if (digit >= (isHex ? 16 : 10))
            return NO_ESCAPE;
        value = value * (isHex ? 16 : 10) + digit;
    }
    return NO_ESCAPE;
}


/***/ }),

/***/ 2824:
/***/ ((__unused_webpack___webpack_module__, __webpack_exports__, __nccwpck_require__) => {

/* harmony export */ __nccwpck_require__.d(__webpack_exports__, {
/* harmony export */   a_: () => (/* binding */ encodingsOf),
/* harmony export */   vb: () => (/* binding */ MIN_SECRET_LENGTH)
/* harmony export */ });
/* unused harmony export FRAGMENT_LENGTH */
/* harmony import */ var _condense_js__WEBPACK_IMPORTED_MODULE_0__ = __nccwpck_require__(9886);
/**
 * What a secret looks like in the places where one turns up: as it is and in the encodings that
 * programs use, of which a long enough piece counts as well.
 */

/** A shorter value would be found in ordinary text, and is no secret worth the name. */
const MIN_SECRET_LENGTH = 8;
/** So many bytes in a row of a secret are as good as the secret. */
const FRAGMENT_LENGTH = 12;
/** All forms of one value; a value of several lines is looked for line by line. */
function encodingsOf(secret) {
    const value = secret.toWellFormed();
    const lines = value.split(/[\r\n]+/).map((line) => line.trim());
    const long = lines.filter((line) => isLong(line) && !PEM_ARMOUR.test(line));
    const wholes = (lines.length > 1 && long.length > 0 ? long : [value, ...lines]).filter(isLong);
    return [
        ...wholes.flatMap((text) => [...evenForms(text), ...unevenForms(text), ...escapedForms(text)].map(asWhole)),
        ...wholes.flatMap(fragmentable).flatMap((text) => asFragments(text, evenForms(text))),
    ];
}
const PEM_ARMOUR = /^-----(?:BEGIN|END) [A-Z0-9 ]+-----$/;
const isLong = (text) => Buffer.byteLength(text) >= MIN_SECRET_LENGTH;
function asWhole(text) {
    const bytes = Buffer.from(text);
    return { bytes, run: bytes.length };
}
/** The first and last digit of an encoded fragment hold bits of its neighbours, hence the ± 1. */
function asFragments(value, forms) {
    return forms.map((form) => {
        const bytes = Buffer.from(form);
        const run = 1 + ((FRAGMENT_LENGTH - 1) * bytes.length) / Buffer.byteLength(value);
        return { bytes, run: Math.min(bytes.length, Math.max(MIN_SECRET_LENGTH, Math.floor(run))) };
    });
}
/** What all tokens of a vendor, or all JSON web tokens, begin with gives nothing away. */
const PUBLIC_PREFIX = /^(?:eyJ[\w-]+\.|(?:[A-Za-z]{2,10}\d{0,2}[-_]){1,4})/;
const RANDOM = /^(?=.*[a-z])(?=.*[A-Z])(?=.*\d)|^[\da-f]{32,}$/;
/** The parts of a value that other texts do not have as well, but for six bytes at the start. */
function fragmentable(value) {
    const isToken = /^[^\s"]+$/.test(value) && !value.includes('://');
    const words = isToken
        ? [value]
        : value.split(/[^\w+/=-]+/).filter((word) => word.length >= 20 && RANDOM.test(word));
    return words
        .map((word) => word.slice(Math.max(0, (PUBLIC_PREFIX.exec(word)?.[0].length ?? 0) - 6)))
        .filter((word) => Buffer.byteLength(word) >= FRAGMENT_LENGTH);
}
const BASE64 = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/';
const BASE64URL = `${BASE64.slice(0, 62)}-_`;
const BASE32 = 'ABCDEFGHIJKLMNOPQRSTUVWXYZ234567';
/** Encodings in which each byte takes as much as the next, so that fragments can be counted. */
function evenForms(value) {
    const bytes = Buffer.from(value);
    const hex = bytes.toString('hex');
    return [
        bytes,
        [...value].toReversed().join(''),
        Buffer.from(value, 'utf16le'),
        Buffer.from(value, 'utf16le').swap16(),
        ...[0, 1, 2].flatMap((offset) => [BASE64, BASE64URL].map((digits) => digitsAt(bytes, offset, digits))),
        ...[0, 1, 2, 3, 4].flatMap((offset) => bothCases(digitsAt(bytes, offset, BASE32))),
        ...bothCases(hex),
        ...bothCases(hex).map((text) => text.replace(/../g, '0x$&,').slice(0, -1)),
        bytes.join(','),
    ];
}
/** So much between its letters that a value cannot be found by them once it is escaped. */
const GAPPY = /[^A-Za-z0-9]{3}|[%&\\]/;
/** Each character escaped. The others are found by their letters, and much faster so. */
function escapedForms(value) {
    const { letters } = (0,_condense_js__WEBPACK_IMPORTED_MODULE_0__/* .condense */ .aX)(Buffer.from(value));
    const isGappy = GAPPY.test(Buffer.from(value).toString('latin1'));
    if (letters.length >= MIN_SECRET_LENGTH && !isGappy)
        return [];
    const hex = Buffer.from(value).toString('hex');
    const units = Buffer.from(value, 'utf16le').swap16().toString('hex');
    const codes = [...value].map((char) => char.codePointAt(0) ?? 0);
    return [
        ...bothCases(hex).flatMap((text) => [text.replace(/../g, '%$&'), text.replace(/../g, '\\x$&')]),
        ...bothCases(units).map((text) => text.replace(/.{4}/g, '\\u$&')),
        codes.map((code) => `&#${code};`).join(''),
        codes.map((code) => `&#x${code.toString(16)};`).join(''),
    ];
}
/** Encodings that write only some bytes otherwise. */
function unevenForms(value) {
    const loose = encodeURIComponent(value);
    const strict = loose.replace(/[!'()*]/g, (char) => `%${char.charCodeAt(0).toString(16)}`);
    const json = JSON.stringify(value).slice(1, -1);
    const named = value.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;');
    const form = new URLSearchParams({ '': value }).toString().slice(1);
    const spaced = [loose, strict].map((url) => url.replaceAll('%20', '+'));
    return [
        ...[loose, strict, form, ...spaced].flatMap((url) => [
            url.replace(/%../g, (byte) => byte.toUpperCase()),
            url.replace(/%../g, (byte) => byte.toLowerCase()),
        ]),
        json,
        json.replaceAll('/', '\\/'),
        json.replace(/[^\0-\x7f]/g, (char) => `\\u${char.charCodeAt(0).toString(16).padStart(4, '0')}`),
        named,
        named.replaceAll('"', '&quot;'),
        named.replaceAll('"', '&quot;').replaceAll("'", '&#39;'),
        named.replaceAll('"', '&quot;').replaceAll("'", '&#x27;'),
        named.replaceAll('"', '&quot;').replaceAll("'", '&apos;'),
        named.replaceAll('"', '&#34;').replaceAll("'", '&#39;'),
    ];
}
const bothCases = (text) => [text.toLowerCase(), text.toUpperCase()];
/** The digits that the bytes alone decide when `offset` bytes stand before them. */
function digitsAt(bytes, offset, digits) {
    const width = Math.log2(digits.length);
    const all = Buffer.concat([Buffer.alloc(offset), bytes]);
    let text = '';
    for (let bit = Math.ceil((offset * 8) / width) * width; bit + width <= all.length * 8; bit += width) {
        const pair = ((all[bit >> 3] ?? 0) << 8) | (all[(bit >> 3) + 1] ?? 0);
        text += digits[(pair >> (16 - width - (bit & 7))) & (digits.length - 1)];
    }
    return text;
}


/***/ }),

/***/ 2547:
/***/ ((__unused_webpack___webpack_module__, __webpack_exports__, __nccwpck_require__) => {


// EXPORTS
__nccwpck_require__.d(__webpack_exports__, {
  P: () => (/* binding */ createMatcher),
  g: () => (/* binding */ matchSecrets)
});

// EXTERNAL MODULE: ./build/secret/condense.js
var condense = __nccwpck_require__(9886);
// EXTERNAL MODULE: ./build/secret/encoding.js
var encoding = __nccwpck_require__(2824);
;// CONCATENATED MODULE: ./build/secret/needle-index.js
/**
 * Finds long enough runs of known byte strings in a text. Every so many bytes, four of the text are
 * looked up among all fours that the needles have; where they have them, the run around is measured.
 * A run of `n` bytes holds `n - 3` fours in a row, so none is missed by steps of the shortest `n - 3`.
 */
const GRAM = 4;
/** Fewer different bytes than these are no secret, unless they are all of one. */
const MIN_VARIETY = 5;
function indexNeedles(needles) {
    const table = tabulate(needles);
    const tails = tabulateTails(needles);
    const step = Math.min(...needles.map(({ run }) => run)) - GRAM + 1;
    /** The longest common run of the text and a needle around a four that they share. */
    function measure(text, at, place) {
        const needle = table.needles[place] ?? 0;
        const from = table.offsets[place] ?? 0;
        const bytes = needles[needle]?.bytes ?? text;
        let length = 0;
        while (from + length < bytes.length && bytes[from + length] === text[at + length])
            length++;
        if (length < GRAM)
            return undefined;
        let before = 0;
        while (before < from && before < at && bytes[from - before - 1] === text[at - before - 1])
            before++;
        return { needle, start: at - before, end: at + length };
    }
    function counts(text, { needle, start, end }) {
        const { bytes, run } = needles[needle] ?? { bytes: text, run: Number.POSITIVE_INFINITY };
        if (end - start === bytes.length)
            return true;
        return end - start >= run && new Set(text.subarray(start, end)).size >= MIN_VARIETY;
    }
    return {
        counts,
        runsIn(text) {
            const { known, shift } = table;
            const runs = [];
            const last = text.length - GRAM;
            for (let at = nextKnown(text, 0, step, known, shift); at <= last;) {
                const key = hash(text, at, shift);
                for (let place = table.first[key] ?? 0; place < (table.first[key + 1] ?? 0); place++) {
                    const run = measure(text, at, place);
                    if (run && counts(text, run))
                        runs.push(run);
                }
                at = nextKnown(text, at + step, step, known, shift);
            }
            return runs;
        },
        unfinishedAt(text) {
            const at = text.length - GRAM;
            let start = text.length;
            if (at >= 0) {
                const key = hash(text, at, table.shift);
                for (let place = table.first[key] ?? 0; place < (table.first[key + 1] ?? 0); place++) {
                    const run = measure(text, at, place);
                    if (!run)
                        continue;
                    const { bytes, run: least } = needles[run.needle] ?? { bytes: text, run: 0 };
                    const begin = (table.offsets[place] ?? 0) - (at - run.start);
                    const ended = begin + run.end - run.start === bytes.length;
                    if (!ended && bytes.length - begin >= least)
                        start = Math.min(start, run.start);
                }
            }
            for (let length = GRAM - 1; length > 0 && start > text.length - length; length--)
                if (length <= text.length && tails[tailKey(text, text.length - length, length)] === 1)
                    start = text.length - length;
            return start;
        },
    };
}
function tabulate(needles) {
    const total = needles.reduce((sum, { bytes }) => sum + Math.max(0, bytes.length - GRAM + 1), 0);
    const bits = Math.min(20, Math.max(14, Math.ceil(Math.log2(total * 8))));
    const shift = 32 - bits;
    const first = new Uint32Array(2 ** bits + 1);
    const known = new Uint32Array(2 ** bits / 32);
    const eachPlace = (visit) => {
        for (const [needle, { bytes }] of needles.entries())
            for (let at = 0; at + GRAM <= bytes.length; at++)
                visit(hash(bytes, at, shift), needle, at);
    };
    eachPlace((key) => {
        first[key] = (first[key] ?? 0) + 1;
        known[key >>> 5] = (known[key >>> 5] ?? 0) | (1 << (key & 31));
    });
    for (let key = 0, sum = 0; key < first.length; key++) {
        sum += first[key] ?? 0;
        first[key] = sum;
    }
    const table = { needles: new Uint32Array(total), offsets: new Uint32Array(total) };
    eachPlace((key, needle, offset) => {
        const place = (first[key] ?? 0) - 1;
        first[key] = place;
        table.needles[place] = needle;
        table.offsets[place] = offset;
    });
    return { known, first, shift, ...table };
}
/** The one to three bytes with which a run may begin or be cut off, hashed together. */
function tabulateTails(needles) {
    const tails = new Uint8Array(65536);
    for (const { bytes, run } of needles)
        for (let at = 0; bytes.length - at >= run; at++)
            for (let length = 1; length < GRAM && at + length < bytes.length; length++)
                tails[tailKey(bytes, at, length)] = 1;
    return tails;
}
function tailKey(bytes, at, length) {
    let key = length;
    for (let index = at; index < at + length; index++)
        key = Math.imul(key ^ (bytes[index] ?? 0), 0x01000193);
    return (key ^ (key >>> 16)) & 0xffff;
}
/** The next place whose four bytes some needle may have; behind the end when there is none. */
function nextKnown(text, from, step, known, shift) {
    const last = text.length - GRAM;
    let at = from;
    for (; at <= last; at += step) {
        const key = hash(text, at, shift);
        if ((known[key >>> 5] >>> (key & 31)) & 1)
            return at;
    }
    return at;
}
/** The casts are for speed: the caller stays within the bytes. */
function hash(bytes, at, shift) {
    const low = bytes[at] | (bytes[at + 1] << 8);
    const high = bytes[at + 2] | (bytes[at + 3] << 8);
    return Math.imul(low | (high << 16), 0x9e3779b1) >>> shift;
}

;// CONCATENATED MODULE: ./build/secret/matcher.js
/**
 * Looks for secrets in a stream, in two views of it: its bytes as they are, and its letters and
 * digits alone. Not found is what was compressed, encrypted or hashed; what was encoded twice,
 * unless the outer encoding is URL's `%XX` or JSON's; other encodings than those of `encoding.ts`;
 * letters more than 16 bytes apart; and less than a fragment of a secret at a time.
 */



function matchSecrets(secrets) {
    return createMatcher(secrets.flatMap(({ label, value }) => (0,encoding/* encodingsOf */.a_)(value).map((form) => ({ label, ...form }))));
}
const BLOCK = 65536;
/** `gaps: 'none'`: only as it stands, with nothing between its letters; little is kept back then. */
function createMatcher(needles, gaps = 'some') {
    const plain = makeView(needles);
    const bare = gaps === 'some' ? makeView(needles.flatMap(condensed)) : undefined;
    return {
        empty: !plain,
        stream() {
            const views = [
                ...(plain ? [plainStream(plain)] : []),
                ...(bare ? [condensedStream(bare)] : []),
            ];
            let base = 0;
            return {
                push(chunk) {
                    const matches = [];
                    for (let at = 0; at < chunk.length; at += BLOCK) {
                        const block = chunk.subarray(at, at + BLOCK);
                        for (const view of views)
                            matches.push(...view.push(block, base));
                        base += block.length;
                    }
                    return matches;
                },
                held: () => Math.max(0, ...views.map((view) => view.held())),
            };
        },
    };
}
/** Each needle once, with the shortest run that counts. */
function makeView(needles) {
    const byBytes = new Map();
    for (const needle of needles) {
        const key = Buffer.from(needle.bytes).toString('latin1');
        const known = byBytes.get(key);
        if (!known || needle.run < known.run)
            byBytes.set(key, { ...needle, label: known?.label ?? needle.label });
    }
    const unique = [...byBytes.values()];
    if (unique.length === 0)
        return undefined;
    return { index: indexNeedles(unique), labels: unique.map(({ label }) => label) };
}
/** Shorter runs of letters and digits alone would be found in any text. */
const MIN_CONDENSED_RUN = 10;
function condensed({ label, bytes, run }) {
    const letters = (0,condense/* condense */.aX)(bytes).letters.slice();
    if (letters.length < encoding/* MIN_SECRET_LENGTH */.vb)
        return [];
    const least = Math.max(MIN_CONDENSED_RUN, Math.floor((run * letters.length) / bytes.length));
    return [{ label, bytes: letters, run: Math.min(letters.length, least) }];
}
function plainStream({ index, labels }) {
    let tail = new Uint8Array(0);
    return {
        push(block, base) {
            const text = tail.length > 0 ? Buffer.concat([tail, block]) : block;
            const start = base - tail.length;
            const matches = index.runsIn(text).map((run) => ({
                label: labels[run.needle] ?? '',
                start: start + run.start,
                end: start + run.end,
            }));
            tail = new Uint8Array(text.subarray(index.unfinishedAt(text)));
            return matches;
        },
        held: () => tail.length,
    };
}
function condensedStream({ index, labels }) {
    /** What may be the start of a match; the places are those before the next block. */
    let tail = condense/* NO_LETTERS */.CA;
    let halfEscape = new Uint8Array(0);
    return {
        push(block, base) {
            const text = halfEscape.length > 0 ? Buffer.concat([halfEscape, block]) : block;
            const start = base - halfEscape.length;
            const bare = (0,condense/* condenseBare */.A6)(text, tail.letters);
            const runs = index.runsIn(bare.letters);
            if (runs.length === 0) {
                const open = bare.letters.length - index.unfinishedAt(bare.letters);
                const end = open === 0 ? condense/* NO_LETTERS */.CA : lastLetters(text, open);
                if (end !== undefined) {
                    tail = unfinishedTail(index, end, text.length - bare.rest, text.length);
                    halfEscape = new Uint8Array(text.subarray(text.length - bare.rest));
                    return [];
                }
            }
            const now = (0,condense/* condense */.aX)(text, (0,condense/* movePlaces */.SG)(tail, -halfEscape.length));
            const matches = runs
                .flatMap((run) => splitAtGaps(run, now))
                .filter((run) => index.counts(now.letters, run))
                .map((run) => ({
                label: labels[run.needle] ?? '',
                start: start + (0,condense/* placeOf */.$t)(now, run.start).start,
                end: start + (0,condense/* placeOf */.$t)(now, run.end - 1).end,
            }));
            tail = unfinishedTail(index, now, text.length - now.rest, text.length);
            halfEscape = new Uint8Array(text.subarray(text.length - now.rest));
            return matches;
        },
        held: () => Math.max(halfEscape.length, tail.letters.length && -(0,condense/* placeOf */.$t)(tail, 0).start),
    };
}
/** The longest escape of one letter, and what may stand between two. */
const WIDEST_LETTER = 10 + condense/* MAX_GAP */.i7;
/** Where a text is cut open, the first letters may be those of half an escape. */
const UNSURE_LETTERS = 10;
/** The last `count` letters with their places, by reading the end alone; undefined: not so easily. */
function lastLetters(text, count) {
    const from = Math.max(0, text.length - (count + UNSURE_LETTERS) * WIDEST_LETTER);
    const { letters, places } = (0,condense/* condense */.aX)(text.subarray(from));
    const spare = letters.length - count;
    if (spare < (from === 0 ? 0 : UNSURE_LETTERS))
        return undefined;
    const end = { letters: letters.slice(spare), places: places.slice(spare) };
    return (0,condense/* movePlaces */.SG)(end, -from);
}
/** What may be the start of a match, with places from behind the text on. */
function unfinishedTail(index, text, end, length) {
    const unfinished = unfinishedAt(index, text, end);
    const letters = text.letters.slice(unfinished);
    return (0,condense/* movePlaces */.SG)({ letters, places: text.places.slice(unfinished) }, length);
}
function splitAtGaps(run, text) {
    const parts = [];
    let start = run.start;
    for (let at = run.start + 1; at < run.end; at++) {
        if (!isGap(text, at))
            continue;
        parts.push({ ...run, start, end: at });
        start = at;
    }
    return [...parts, { ...run, start }];
}
/** `end`: where the next letter may stand at the earliest. */
function unfinishedAt(index, text, end) {
    const last = text.letters.length - 1;
    if (last < 0 || end - (0,condense/* placeOf */.$t)(text, last).end > condense/* MAX_GAP */.i7)
        return last + 1;
    let start = index.unfinishedAt(text.letters);
    for (let at = start + 1; at <= last; at++)
        if (isGap(text, at))
            start = at;
    return start;
}
/** Is there too much between this letter and the one before? */
function isGap(text, at) {
    return (0,condense/* placeOf */.$t)(text, at).start - (0,condense/* placeOf */.$t)(text, at - 1).end > condense/* MAX_GAP */.i7;
}


/***/ }),

/***/ 9722:
/***/ ((__unused_webpack___webpack_module__, __webpack_exports__, __nccwpck_require__) => {


// EXPORTS
__nccwpck_require__.d(__webpack_exports__, {
  pE: () => (/* binding */ loadTokenRules),
  IT: () => (/* binding */ matchTokens)
});

// UNUSED EXPORTS: MAX_HELD

;// CONCATENATED MODULE: ./build/secret/token-candidate.js
/**
 * Tells fast whether a text may hold a token of a vendor: whether there is any sense in giving it to
 * the rules, which are 50 times slower.
 *
 * Each candidate holds one of the `WINDOWS`, four bytes each. Every second byte of the text, three
 * bytes are looked up among the two threes of each window; only where they are known is more read.
 */
/** What each match of a rule holds. A text without any of it need not be given to the rules. */
const CANDIDATE = new RegExp([
    '(?:A3T|AKIA|AGPA|AIDA|AROA|AIPA|ANPA|ANVA|ASIA)[A-Z\\d]{15}|(?:ACCESS|[Aa]ccess)_?(?:KEY|[Kk]ey)',
    '-----BEGIN',
    'npm_|ops_ey|ntn_\\d|gh[pousr]_|github_pat_|glpat-|glc_|glsa_|lin_api_|gsk_|hf_[A-Za-z]{34}',
    'sk-ant-api|T3BlbkFJ|[sr]k_(?:live|test)_|shp(?:pa|ca|at|ss)_|SG\\.\\w+\\.\\w|hv[sbr]\\.[\\w-]{90}',
    'xox[bpaor]-|xapp-|(?:vc[piar]|vck|cfk|cfut|cfat)_[A-Za-z\\d]{20}|dapi[A-Fa-f\\d]{32}|dckr_pat_',
    'figd_|tskey-',
    '://[-\\w]{1,256}:[-\\w]{1,256}@|(?i:hooks\\.slack\\.com|mongodb|mysql|postgres)',
].join('|'));
const CANDIDATE_HERE = new RegExp(CANDIDATE.source, 'y');
const UPPER = [...'ABCDEFGHIJKLMNOPQRSTUVWXYZ'];
const LETTERS = [...UPPER, ...UPPER.map((letter) => letter.toLowerCase())];
const DIGITS = [...'0123456789'];
const WORD = [...LETTERS, ...DIGITS, '_'];
const followedBy = (text, next) => next.map((one) => text + one);
const inAnyCase = (text) => [...text].reduce((texts, one) => texts.flatMap((start) => [start + one, start + one.toUpperCase()]), ['']);
/** By how many bytes of the candidate stand before it. */
const WINDOWS = {
    0: [
        ...'AKIA AGPA AIDA AROA AIPA ANPA ANVA ASIA npm_ ntn_ ghp_ gho_ ghu_ ghs_ ghr_ glpa glc_ glsa'.split(' '),
        ...'gsk_ shpp shpc shpa shps hvs. hvb. hvr. xoxb xoxp xoxa xoxo xoxr xapp vcp_ vci_ vca_'.split(' '),
        ...'vcr_ vck_ cfk_ dapi dckr figd tske'.split(' '),
        ...followedBy('A3T', [...UPPER, ...DIGITS]),
        ...followedBy('hf_', LETTERS),
        ...followedBy('SG.', WORD),
        ...followedBy('://', [...WORD, '-']),
    ],
    1: ['ps_e', 'k-an', 'k_li', 'k_te', 'fut_', 'fat_', ...inAnyCase('ysql')],
    2: ['n_ap', ...inAnyCase('ngod')],
    3: inAnyCase('tgre'),
    4: '-BEG bkFJ ss_k ss_K sske ssKe ssKE SS_K SS_k SSKE SSKe SSke'.split(' '),
    5: ['b_pa'],
    6: inAnyCase('slac'),
};
const OFFSETS = new Map(Object.entries(WINDOWS).flatMap(([offset, windows]) => windows.map((window) => [window, Number(offset)])));
const BITS = 15;
const KNOWN = new Uint8Array(2 ** BITS);
for (const window of OFFSETS.keys()) {
    const bytes = Buffer.from(window, 'latin1');
    for (const at of [0, 1])
        KNOWN[hash(bytes, at)] = 1;
}
/** The casts are for speed: the caller stays within the bytes. */
function hash(bytes, at) {
    const three = bytes[at] | (bytes[at + 1] << 8) | (bytes[at + 2] << 16);
    return Math.imul(three, 0x9e3779b1) >>> (32 - BITS);
}
/** The same as `CANDIDATE.test`. */
function hasCandidate(bytes) {
    let text;
    for (let at = nextKnown(bytes, 0); at >= 0; at = nextKnown(bytes, at + 2)) {
        for (const start of [at, at - 1]) {
            if (start < 0)
                continue;
            const offset = OFFSETS.get(bytes.toString('latin1', start, start + 4));
            if (offset === undefined || start < offset)
                continue;
            text ??= bytes.toString('latin1');
            CANDIDATE_HERE.lastIndex = start - offset;
            if (CANDIDATE_HERE.test(text))
                return true;
        }
    }
    return false;
}
/** The next place, by steps of two, of three bytes that a window has; -1: there is none. */
function nextKnown(bytes, from) {
    const known = KNOWN;
    const last = bytes.length - 3;
    for (let at = from; at <= last; at += 2)
        if (known[hash(bytes, at)] === 1)
            return at;
    return -1;
}

;// CONCATENATED MODULE: ./build/secret/token-pattern.js

const LEFT_OUT = ['filter-comments', 'gcp'];
const RULE = '@secretlint/secretlint-rule-';
/** Key IDs of AWS are looked for as well; its account numbers, which come with them, are no secret. */
const OPTIONS = { enableIDScanRule: true };
const NO_SECRET = 'AWSAccountID';
/** Only where something is to be searched: it takes 60 ms. */
async function loadTokenRules() {
    const [{ lintSource }, preset] = await Promise.all([
        __nccwpck_require__.e(/* import() */ 198).then(__nccwpck_require__.bind(__nccwpck_require__, 198)),
        __nccwpck_require__.e(/* import() */ 577).then(__nccwpck_require__.bind(__nccwpck_require__, 1577)),
    ]);
    const rules = preset.rules
        .filter(({ meta }) => !LEFT_OUT.includes(meta.id.replace(RULE, '')))
        .map((rule) => ({ id: rule.meta.id, rule, options: OPTIONS }));
    return async (content) => {
        const { messages } = await lintSource({
            source: { filePath: 'body', content, ext: '', contentType: 'text' },
            options: { config: { rules }, noPhysicFilePath: true },
        });
        return messages
            .filter(({ messageId }) => messageId !== NO_SECRET)
            .map(({ ruleId, messageId, range: [start, end], data }) => ({
            label: `${ruleId.replace(RULE, '')}/${messageId}`,
            start,
            end: Math.max(end, endOfValue(content, start, data)),
        }));
    };
}
/** Where a rule names the variable before the token, its range is too short by that name. */
function endOfValue(text, start, data) {
    const ends = Object.values(data ?? {}).map((value) => {
        const at = typeof value === 'string' ? text.indexOf(value, start) : -1;
        return at < 0 || at > start + MAX_NAME ? 0 : at + String(value).length;
    });
    return Math.max(0, ...ends);
}
const MAX_NAME = 100;
/** The longest token that is kept back whole while it arrives, in bytes. */
const MAX_HELD = 4096;
const MAX_KEY = 12_000;
const OPEN_ASSIGNMENT = /["']?(?:aws)?_?secret_?access_?key["']?\s{0,20}(?::|=>|=)?\s{0,20}["']?$/i;
const OPEN_KEY = /^-----BEGIN[A-Z ]{0,30}(?:-----[\w+/=\s\\-]*|-{0,4})$/;
/** `load` is called when there is something to give to the rules. */
function matchTokens(load) {
    /** What is not decided, and one byte before it. */
    let kept = Buffer.alloc(0);
    let base = 0;
    let held = 0;
    /** `open`: where begins what may become a match; one that reaches into it may become longer. */
    async function search(text, open) {
        const found = hasCandidate(text) ? await (await load())(text.toString('latin1')) : [];
        const until = found
            .toSorted((a, b) => b.start - a.start)
            .reduce((least, { start, end }) => (end > least ? Math.min(start, least) : least), open);
        held = text.length - until;
        const from = Math.max(0, until - 1);
        // A copy: the caller may use its chunk again.
        kept = Buffer.from(text.subarray(from));
        const matches = found
            .filter(({ end }) => end <= until)
            .map(({ label, start, end }) => ({
            label,
            start: base + start,
            end: base + end,
        }));
        base += from;
        return matches;
    }
    return {
        push(chunk) {
            const bytes = Buffer.from(chunk.buffer, chunk.byteOffset, chunk.length);
            const text = kept.length > 0 ? Buffer.concat([kept, bytes]) : bytes;
            return search(text, unfinishedAt(text));
        },
        end: () => search(kept, kept.length),
        held: () => held,
    };
}
/** Where what may become a match begins: an open key, an assignment or the last word. */
function unfinishedAt(text) {
    let word = text.length;
    const least = Math.max(0, text.length - MAX_HELD);
    while (word > least && (text[word - 1] ?? 0) > 0x20)
        word--;
    const before = text.toString('latin1', Math.max(0, word - MAX_NAME), word);
    const assignment = OPEN_ASSIGNMENT.exec(before);
    const start = Math.max(0, text.length - MAX_KEY);
    const end = text.subarray(start);
    const key = end.lastIndexOf('-----BEGIN');
    const isOpenKey = key >= 0 && OPEN_KEY.test(end.toString('latin1', key));
    return Math.min(word - (assignment?.[0].length ?? 0), isOpenKey ? start + key : word);
}


/***/ })

/******/ });
/************************************************************************/
/******/ // The module cache
/******/ var __webpack_module_cache__ = {};
/******/ 
/******/ // The require function
/******/ function __nccwpck_require__(moduleId) {
/******/ 	// Check if module is in cache
/******/ 	var cachedModule = __webpack_module_cache__[moduleId];
/******/ 	if (cachedModule !== undefined) {
/******/ 		return cachedModule.exports;
/******/ 	}
/******/ 	// Create a new module (and put it into the cache)
/******/ 	var module = __webpack_module_cache__[moduleId] = {
/******/ 		// no module.id needed
/******/ 		// no module.loaded needed
/******/ 		exports: {}
/******/ 	};
/******/ 
/******/ 	// Execute the module function
/******/ 	var threw = true;
/******/ 	try {
/******/ 		__webpack_modules__[moduleId](module, module.exports, __nccwpck_require__);
/******/ 		threw = false;
/******/ 	} finally {
/******/ 		if(threw) delete __webpack_module_cache__[moduleId];
/******/ 	}
/******/ 
/******/ 	// Return the exports of the module
/******/ 	return module.exports;
/******/ }
/******/ 
/******/ // expose the modules object (__webpack_modules__)
/******/ __nccwpck_require__.m = __webpack_modules__;
/******/ 
/************************************************************************/
/******/ /* webpack/runtime/asset-relocator-loader */
/******/ if (typeof __nccwpck_require__ !== 'undefined') __nccwpck_require__.ab = decodeURIComponent(new URL('.', import.meta.url).pathname).slice(import.meta.url.match(/^file:\/\/\/\w:/) ? 1 : 0, -1) + "/";
/******/ 
/******/ /* webpack/runtime/async module */
/******/ (() => {
/******/ 	var webpackQueues = typeof Symbol === "function" ? Symbol("webpack queues") : "__webpack_queues__";
/******/ 	var webpackExports = typeof Symbol === "function" ? Symbol("webpack exports") : "__webpack_exports__";
/******/ 	var webpackError = typeof Symbol === "function" ? Symbol("webpack error") : "__webpack_error__";
/******/ 	var resolveQueue = (queue) => {
/******/ 		if(queue && queue.d < 1) {
/******/ 			queue.d = 1;
/******/ 			queue.forEach((fn) => (fn.r--));
/******/ 			queue.forEach((fn) => (fn.r-- ? fn.r++ : fn()));
/******/ 		}
/******/ 	}
/******/ 	var wrapDeps = (deps) => (deps.map((dep) => {
/******/ 		if(dep !== null && typeof dep === "object") {
/******/ 			if(dep[webpackQueues]) return dep;
/******/ 			if(dep.then) {
/******/ 				var queue = [];
/******/ 				queue.d = 0;
/******/ 				dep.then((r) => {
/******/ 					obj[webpackExports] = r;
/******/ 					resolveQueue(queue);
/******/ 				}, (e) => {
/******/ 					obj[webpackError] = e;
/******/ 					resolveQueue(queue);
/******/ 				});
/******/ 				var obj = {};
/******/ 				obj[webpackQueues] = (fn) => (fn(queue));
/******/ 				return obj;
/******/ 			}
/******/ 		}
/******/ 		var ret = {};
/******/ 		ret[webpackQueues] = x => {};
/******/ 		ret[webpackExports] = dep;
/******/ 		return ret;
/******/ 	}));
/******/ 	__nccwpck_require__.a = (module, body, hasAwait) => {
/******/ 		var queue;
/******/ 		hasAwait && ((queue = []).d = -1);
/******/ 		var depQueues = new Set();
/******/ 		var exports = module.exports;
/******/ 		var currentDeps;
/******/ 		var outerResolve;
/******/ 		var reject;
/******/ 		var promise = new Promise((resolve, rej) => {
/******/ 			reject = rej;
/******/ 			outerResolve = resolve;
/******/ 		});
/******/ 		promise[webpackExports] = exports;
/******/ 		promise[webpackQueues] = (fn) => (queue && fn(queue), depQueues.forEach(fn), promise["catch"](x => {}));
/******/ 		module.exports = promise;
/******/ 		body((deps) => {
/******/ 			currentDeps = wrapDeps(deps);
/******/ 			var fn;
/******/ 			var getResult = () => (currentDeps.map((d) => {
/******/ 				if(d[webpackError]) throw d[webpackError];
/******/ 				return d[webpackExports];
/******/ 			}))
/******/ 			var promise = new Promise((resolve) => {
/******/ 				fn = () => (resolve(getResult));
/******/ 				fn.r = 0;
/******/ 				var fnQueue = (q) => (q !== queue && !depQueues.has(q) && (depQueues.add(q), q && !q.d && (fn.r++, q.push(fn))));
/******/ 				currentDeps.map((dep) => (dep[webpackQueues](fnQueue)));
/******/ 			});
/******/ 			return fn.r ? promise : getResult();
/******/ 		}, (err) => ((err ? reject(promise[webpackError] = err) : outerResolve(exports)), resolveQueue(queue)));
/******/ 		queue && queue.d < 0 && (queue.d = 0);
/******/ 	};
/******/ })();
/******/ 
/******/ /* webpack/runtime/create fake namespace object */
/******/ (() => {
/******/ 	var getProto = Object.getPrototypeOf ? (obj) => (Object.getPrototypeOf(obj)) : (obj) => (obj.__proto__);
/******/ 	var leafPrototypes;
/******/ 	// create a fake namespace object
/******/ 	// mode & 1: value is a module id, require it
/******/ 	// mode & 2: merge all properties of value into the ns
/******/ 	// mode & 4: return value when already ns object
/******/ 	// mode & 16: return value when it's Promise-like
/******/ 	// mode & 8|1: behave like require
/******/ 	__nccwpck_require__.t = function(value, mode) {
/******/ 		if(mode & 1) value = this(value);
/******/ 		if(mode & 8) return value;
/******/ 		if(typeof value === 'object' && value) {
/******/ 			if((mode & 4) && value.__esModule) return value;
/******/ 			if((mode & 16) && typeof value.then === 'function') return value;
/******/ 		}
/******/ 		var ns = Object.create(null);
/******/ 		__nccwpck_require__.r(ns);
/******/ 		var def = {};
/******/ 		leafPrototypes = leafPrototypes || [null, getProto({}), getProto([]), getProto(getProto)];
/******/ 		for(var current = mode & 2 && value; typeof current == 'object' && !~leafPrototypes.indexOf(current); current = getProto(current)) {
/******/ 			Object.getOwnPropertyNames(current).forEach((key) => (def[key] = () => (value[key])));
/******/ 		}
/******/ 		def['default'] = () => (value);
/******/ 		__nccwpck_require__.d(ns, def);
/******/ 		return ns;
/******/ 	};
/******/ })();
/******/ 
/******/ /* webpack/runtime/define property getters */
/******/ (() => {
/******/ 	// define getter functions for harmony exports
/******/ 	__nccwpck_require__.d = (exports, definition) => {
/******/ 		for(var key in definition) {
/******/ 			if(__nccwpck_require__.o(definition, key) && !__nccwpck_require__.o(exports, key)) {
/******/ 				Object.defineProperty(exports, key, { enumerable: true, get: definition[key] });
/******/ 			}
/******/ 		}
/******/ 	};
/******/ })();
/******/ 
/******/ /* webpack/runtime/ensure chunk */
/******/ (() => {
/******/ 	__nccwpck_require__.f = {};
/******/ 	// This file contains only the entry chunk.
/******/ 	// The chunk loading function for additional chunks
/******/ 	__nccwpck_require__.e = (chunkId) => {
/******/ 		return Promise.all(Object.keys(__nccwpck_require__.f).reduce((promises, key) => {
/******/ 			__nccwpck_require__.f[key](chunkId, promises);
/******/ 			return promises;
/******/ 		}, []));
/******/ 	};
/******/ })();
/******/ 
/******/ /* webpack/runtime/get javascript chunk filename */
/******/ (() => {
/******/ 	// This function allow to reference async chunks
/******/ 	__nccwpck_require__.u = (chunkId) => {
/******/ 		// return url for filenames based on template
/******/ 		return "" + chunkId + ".index.js";
/******/ 	};
/******/ })();
/******/ 
/******/ /* webpack/runtime/hasOwnProperty shorthand */
/******/ (() => {
/******/ 	__nccwpck_require__.o = (obj, prop) => (Object.prototype.hasOwnProperty.call(obj, prop))
/******/ })();
/******/ 
/******/ /* webpack/runtime/make namespace object */
/******/ (() => {
/******/ 	// define __esModule on exports
/******/ 	__nccwpck_require__.r = (exports) => {
/******/ 		if(typeof Symbol !== 'undefined' && Symbol.toStringTag) {
/******/ 			Object.defineProperty(exports, Symbol.toStringTag, { value: 'Module' });
/******/ 		}
/******/ 		Object.defineProperty(exports, '__esModule', { value: true });
/******/ 	};
/******/ })();
/******/ 
/******/ /* webpack/runtime/import chunk loading */
/******/ (() => {
/******/ 	// no baseURI
/******/ 	
/******/ 	// object to store loaded and loading chunks
/******/ 	// undefined = chunk not loaded, null = chunk preloaded/prefetched
/******/ 	// [resolve, Promise] = chunk loading, 0 = chunk loaded
/******/ 	var installedChunks = {
/******/ 		792: 0
/******/ 	};
/******/ 	
/******/ 	var installChunk = (data) => {
/******/ 		var {ids, modules, runtime} = data;
/******/ 		// add "modules" to the modules object,
/******/ 		// then flag all "ids" as loaded and fire callback
/******/ 		var moduleId, chunkId, i = 0;
/******/ 		for(moduleId in modules) {
/******/ 			if(__nccwpck_require__.o(modules, moduleId)) {
/******/ 				__nccwpck_require__.m[moduleId] = modules[moduleId];
/******/ 			}
/******/ 		}
/******/ 		if(runtime) runtime(__nccwpck_require__);
/******/ 		for(;i < ids.length; i++) {
/******/ 			chunkId = ids[i];
/******/ 			if(__nccwpck_require__.o(installedChunks, chunkId) && installedChunks[chunkId]) {
/******/ 				installedChunks[chunkId][0]();
/******/ 			}
/******/ 			installedChunks[ids[i]] = 0;
/******/ 		}
/******/ 	
/******/ 	}
/******/ 	
/******/ 	__nccwpck_require__.f.j = (chunkId, promises) => {
/******/ 			// import() chunk loading for javascript
/******/ 			var installedChunkData = __nccwpck_require__.o(installedChunks, chunkId) ? installedChunks[chunkId] : undefined;
/******/ 			if(installedChunkData !== 0) { // 0 means "already installed".
/******/ 	
/******/ 				// a Promise means "currently loading".
/******/ 				if(installedChunkData) {
/******/ 					promises.push(installedChunkData[1]);
/******/ 				} else {
/******/ 					if(true) { // all chunks have JS
/******/ 						// setup Promise in chunk cache
/******/ 						var promise = import("./" + __nccwpck_require__.u(chunkId)).then(installChunk, (e) => {
/******/ 							if(installedChunks[chunkId] !== 0) installedChunks[chunkId] = undefined;
/******/ 							throw e;
/******/ 						});
/******/ 						var promise = Promise.race([promise, new Promise((resolve) => (installedChunkData = installedChunks[chunkId] = [resolve]))])
/******/ 						promises.push(installedChunkData[1] = promise);
/******/ 					}
/******/ 				}
/******/ 			}
/******/ 	};
/******/ 	
/******/ 	// no prefetching
/******/ 	
/******/ 	// no preloaded
/******/ 	
/******/ 	// no external install chunk
/******/ 	
/******/ 	// no on chunks loaded
/******/ })();
/******/ 
/************************************************************************/
/******/ 
/******/ // startup
/******/ // Load entry module and return exports
/******/ // This entry module used 'module' so it can't be inlined
/******/ var __webpack_exports__ = __nccwpck_require__(7162);
/******/ __webpack_exports__ = await __webpack_exports__;
/******/ 
