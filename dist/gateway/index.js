import { createRequire as __WEBPACK_EXTERNAL_createRequire } from "module";
/******/ var __webpack_modules__ = ({

/***/ 162:
/***/ ((__webpack_module__, __unused_webpack___webpack_exports__, __nccwpck_require__) => {

__nccwpck_require__.a(__webpack_module__, async (__webpack_handle_async_dependencies__, __webpack_async_result__) => { try {
/* harmony import */ var _gateway_server_js__WEBPACK_IMPORTED_MODULE_0__ = __nccwpck_require__(765);
/* harmony import */ var _host_streams_js__WEBPACK_IMPORTED_MODULE_1__ = __nccwpck_require__(538);
/** The gateway process: entry of `dist/gateway`. */


await (0,_gateway_server_js__WEBPACK_IMPORTED_MODULE_0__/* .serveGateway */ .s)((0,_host_streams_js__WEBPACK_IMPORTED_MODULE_1__/* .standardStreams */ .b)());

__webpack_async_result__();
} catch(e) { __webpack_async_result__(e); } }, 1);

/***/ }),

/***/ 765:
/***/ ((__unused_webpack___webpack_module__, __webpack_exports__, __nccwpck_require__) => {


// EXPORTS
__nccwpck_require__.d(__webpack_exports__, {
  s: () => (/* binding */ serveGateway)
});

;// CONCATENATED MODULE: external "node:events"
const external_node_events_namespaceObject = __WEBPACK_EXTERNAL_createRequire(import.meta.url)("node:events");
;// CONCATENATED MODULE: external "node:fs/promises"
const promises_namespaceObject = __WEBPACK_EXTERNAL_createRequire(import.meta.url)("node:fs/promises");
;// CONCATENATED MODULE: external "node:net"
const external_node_net_namespaceObject = __WEBPACK_EXTERNAL_createRequire(import.meta.url)("node:net");
;// CONCATENATED MODULE: ./build/errors.js
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
    'config-invalid',
    'untrusted',
    'internal-error',
]));
/** An error that a person can act on: what happened · which value, from where · what to do. */
class BottleError extends Error {
    name = 'BottleError';
    outcome;
    what;
    where;
    fix;
    problems;
    constructor(fields) {
        super(`${fields.what} (${fields.where}). ${fields.fix}`, { cause: fields.cause });
        this.outcome = fields.outcome;
        this.what = fields.what;
        this.where = fields.where;
        this.fix = fields.fix;
        this.problems = fields.problems ?? [];
    }
}
/** The message of anything that was thrown. */
function messageOf(error) {
    return error instanceof Error ? error.message : String(error);
}

;// CONCATENATED MODULE: ./build/gateway/server.js
/** The gateway process: listens on the bottle's socket and refuses everything. */




const MAX_CONFIG_BYTES = 1024 * 1024;
const MAX_CONNECTIONS = 256;
const REQUEST_TIMEOUT_MS = 5_000;
const REQUEST_LINE_LENGTH = 200;
const REFUSAL = 'bottle-action: denied, no route allows this request\n';
/** Serves until stdin ends, which it does when the action stops the gateway or dies. */
async function serveGateway(streams) {
    const send = (message) => streams.writeLine(JSON.stringify(message));
    const input = streams.stdin[Symbol.asyncIterator]();
    try {
        const config = await readConfig(input);
        await listen(config.socket, (socket) => refuse(socket, send));
        send({ type: 'ready', version: 1 });
    }
    catch (error) {
        send({ type: 'failed', message: messageOf(error) });
        return streams.exit(1);
    }
    while (!(await input.next()).done)
        ;
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
async function listen(path, onConnection) {
    const server = (0,external_node_net_namespaceObject.createServer)(onConnection);
    server.maxConnections = MAX_CONNECTIONS;
    server.listen(path);
    await (0,external_node_events_namespaceObject.once)(server, 'listening');
    await (0,promises_namespaceObject.chmod)(path, 0o600);
}
/** Answers one connection with a refusal that names itself, and records the request line. */
function refuse(socket, send) {
    socket.setTimeout(REQUEST_TIMEOUT_MS, () => socket.destroy());
    // The guest may reset the connection at any moment; that is its own affair.
    socket.on('error', () => socket.destroy());
    socket.once('data', (chunk) => {
        send({
            type: 'decision',
            time: new Date().toISOString(),
            decision: 'denied',
            rule: 'no-route',
            request: requestLine(chunk),
        });
        socket.end(`HTTP/1.1 403 Forbidden\r\nContent-Type: text/plain\r\nContent-Length: ${REFUSAL.length}\r\n` +
            `Connection: close\r\nX-Bottle-Denied: no-route\r\n\r\n${REFUSAL}`);
    });
}
/** A query, or a name and password before the host, may be a secret: they are cut. */
function requestLine(chunk) {
    const [line = ''] = Buffer.from(chunk)
        .toString('latin1')
        .split(/[\r\n]/, 1);
    return line
        .replace(/\?\S*/, '')
        .replace(/[^\s/@]*@/, '')
        .replace(/[^\x20-\x7e]/g, '.')
        .slice(0, REQUEST_LINE_LENGTH);
}


/***/ }),

/***/ 538:
/***/ ((__unused_webpack___webpack_module__, __webpack_exports__, __nccwpck_require__) => {

/* harmony export */ __nccwpck_require__.d(__webpack_exports__, {
/* harmony export */   b: () => (/* binding */ standardStreams)
/* harmony export */ });
/** This process's own standard streams, for an entry that speaks a protocol over them. */
function standardStreams() {
    return {
        stdin: process.stdin,
        writeLine: (line) => {
            process.stdout.write(`${line}\n`);
        },
        exit: (code) => process.exit(code),
    };
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
/******/ /* webpack/runtime/hasOwnProperty shorthand */
/******/ (() => {
/******/ 	__nccwpck_require__.o = (obj, prop) => (Object.prototype.hasOwnProperty.call(obj, prop))
/******/ })();
/******/ 
/************************************************************************/
/******/ 
/******/ // startup
/******/ // Load entry module and return exports
/******/ // This entry module used 'module' so it can't be inlined
/******/ var __webpack_exports__ = __nccwpck_require__(162);
/******/ __webpack_exports__ = await __webpack_exports__;
/******/ 
