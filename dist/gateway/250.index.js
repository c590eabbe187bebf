export const id = 250;
export const ids = [250];
export const modules = {

/***/ 3250:
/***/ ((__unused_webpack___webpack_module__, __webpack_exports__, __webpack_require__) => {

// ESM COMPAT FLAG
__webpack_require__.r(__webpack_exports__);

// EXPORTS
__webpack_require__.d(__webpack_exports__, {
  answerMessage: () => (/* binding */ answerMessage)
});

// EXTERNAL MODULE: ./node_modules/@modelcontextprotocol/sdk/dist/esm/server/mcp.js + 57 modules
var mcp = __webpack_require__(2371);
// EXTERNAL MODULE: ./node_modules/@modelcontextprotocol/sdk/dist/esm/server/webStandardStreamableHttp.js + 3 modules
var webStandardStreamableHttp = __webpack_require__(4415);
// EXTERNAL MODULE: ./node_modules/zod/v4/classic/schemas.js + 4 modules
var schemas = __webpack_require__(1514);
;// CONCATENATED MODULE: ./build/gateway/supervise/route-list.js
/** An agent reads this as text; beyond some hundred lines it would only fill its memory. */
const MAX_ROUTES = 200;
/** JSON: `routes`, and `omitted` where there are more than are listed. */
function listRoutes(routes) {
    const omitted = routes.length - MAX_ROUTES;
    const listed = routes.slice(0, MAX_ROUTES).map(describeRoute);
    return JSON.stringify({ routes: listed, ...(omitted > 0 && { omitted }) }, null, 1);
}
function describeRoute({ host, ports, matches, auth }) {
    return {
        host,
        ports,
        ...(matches.length > 0 && { only: matches }),
        ...(auth && { credential: 'added by the gateway' }),
    };
}

;// CONCATENATED MODULE: ./build/gateway/supervise/tool.js


const tool_text = schemas/* string */.YjP().min(1);
const reason = tool_text.describe('Why the task needs it: people read this after the run.');
function registerTools(server, { routes, record }) {
    server.registerTool('list_egress_routes', {
        description: 'Lists the hosts that can be reached from here, and the kinds of requests that are ' +
            'allowed there. Everything else is denied.',
    }, () => answer(listRoutes(routes)));
    server.registerTool('request_egress', {
        description: 'Asks for a host that is denied. Nobody can agree during the run: the request is ' +
            'recorded, so that people can allow it for the next one.',
        inputSchema: {
            host: tool_text.describe('Host name, without scheme or path.'),
            port: schemas/* int */.Whr().min(1).max(65_535).optional().describe('443 when it is left out.'),
            methods: schemas/* array */.YOg(tool_text).max(20).optional().describe('For example ["GET"].'),
            paths: schemas/* array */.YOg(tool_text).max(100).optional().describe('For example ["/v1/models"].'),
            reason,
        },
    }, ({ host, port = 443, methods = [], paths = [], ...rest }) => {
        const lists = { methods: methods.join('\n'), paths: paths.join('\n') };
        return decline(record('request_egress', { host, port: `${port}`, ...lists, ...rest }));
    });
    server.registerTool('request_capability', {
        description: 'Asks for anything else that is missing here, such as a program, a credential or more ' +
            'time. The request is recorded, so that people can see to it for the next run.',
        inputSchema: { capability: tool_text.describe('What is missing.'), reason },
    }, (fields) => decline(record('request_capability', fields)));
    server.registerTool('report_status', {
        description: 'Says how the work goes, for the people who read about the run afterwards.',
        inputSchema: {
            status: tool_text.describe('One word, such as working, blocked or done.'),
            message: tool_text.describe('One or two sentences.'),
        },
    }, (fields) => {
        const recorded = record('report_status', fields);
        return answer(recorded ? 'recorded: go on with the task.' : 'not recorded any more: go on.');
    });
}
function decline(recorded) {
    return answer(recorded
        ? 'denied, recorded: nobody can allow this during the run, but people will read the ' +
            'request after it, so go on without and say in your result what is missing because of it.'
        : 'denied, not recorded any more: there were too many requests in this run, so go on ' +
            'without and say in your result what is missing because of it.');
}
function answer(content) {
    return { content: [{ type: 'text', text: content }] };
}

;// CONCATENATED MODULE: ./build/gateway/supervise/answer.js



/** What the SDK looks at; the rest of what the guest sends does not reach it. */
const HEADERS = ['accept', 'content-type', 'mcp-protocol-version'];
/** Without a session each message has a server of its own, as the SDK demands. */
async function answerMessage(desk, headers, message) {
    const server = new mcp/* McpServer */._({ name: 'bottle', version: '1.0.0' });
    registerTools(server, desk);
    const transport = new webStandardStreamableHttp/* WebStandardStreamableHTTPServerTransport */.a({ enableJsonResponse: true });
    await server.connect(transport);
    try {
        const request = new Request('http://localhost/mcp', {
            method: 'POST',
            headers: HEADERS.flatMap((name) => {
                const value = headers[name];
                return typeof value === 'string' ? [[name, value]] : [];
            }),
        });
        return await transport.handleRequest(request, { parsedBody: message });
    }
    finally {
        await server.close();
    }
}


/***/ })

};
