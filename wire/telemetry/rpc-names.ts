/**
 * The names that spans and metrics of calls have in common: the attributes of OpenTelemetry's semantic conventions for RPC (stable
 * since 1.45), and the values that identify a method and a status in them.
 */
import type { DescMethod } from '@bufbuild/protobuf'
import { Code } from '@connectrpc/connect'
import { codeToString } from '@connectrpc/connect/protocol-connect'

/** `grpc` or `connectrpc`. */
export const ATTR_RPC_SYSTEM_NAME = 'rpc.system.name'
/** `package.Service/Method`, or `_OTHER` for a method that the server does not have. */
export const ATTR_RPC_METHOD = 'rpc.method'
/** The method as the caller named it, if `rpc.method` is `_OTHER`. */
export const ATTR_RPC_METHOD_ORIGINAL = 'rpc.method_original'
/** The status in the spelling of the system: `DEADLINE_EXCEEDED`, or `deadline_exceeded` in Connect. */
export const ATTR_RPC_STATUS_CODE = 'rpc.status_code'
/** The status again, if it counts as an error. */
export const ATTR_ERROR_TYPE = 'error.type'
/** The host that a client calls, or that a caller asked for. */
export const ATTR_SERVER_ADDRESS = 'server.address'
/** The port that belongs to `server.address`. */
export const ATTR_SERVER_PORT = 'server.port'
/** The other end of the connection. */
export const ATTR_NETWORK_PEER_ADDRESS = 'network.peer.address'
/** The port that belongs to `network.peer.address`. */
export const ATTR_NETWORK_PEER_PORT = 'network.peer.port'
/** The HTTP method of a call by REST: `GET`. */
export const ATTR_HTTP_REQUEST_METHOD = 'http.request.method'
/** The path of a call by REST, with its variables: `/v1/{name=users/*}`. */
export const ATTR_HTTP_ROUTE = 'http.route'
/** The version of HTTP: `1.1`, `2`. */
export const ATTR_NETWORK_PROTOCOL_VERSION = 'network.protocol.version'

/** `rpc.method` of calls to methods that the server does not have, so that callers cannot create names. */
export const OTHER_METHOD = '_OTHER'

/** The name of an RPC system, for a protocol in the sense of `CallStart`. gRPC-Web counts as gRPC. */
export function rpcSystem(protocol: string): 'grpc' | 'connectrpc' {
  return protocol === 'connect' ? 'connectrpc' : 'grpc'
}

/** Returns `package.Service/Method`; undefined without a method. */
export function grpcMethod(method: DescMethod | undefined): string | undefined {
  return method === undefined ? undefined : `${method.parent.typeName}/${method.name}`
}

/** `OK`, `CANCELLED`, `DEADLINE_EXCEEDED`, ... by code. Connect spells one of them otherwise. */
const GRPC_NAMES: ReadonlyMap<Code, string> = new Map(
  Object.values(Code)
    .filter((code) => typeof code === 'number')
    .map((code) => [code, code === Code.Canceled ? 'CANCELLED' : toSnakeCase(Code[code])]),
)

/** Returns the gRPC name of a status. Undefined is `OK`. */
export function grpcStatus(code: Code | undefined): string {
  return code === undefined ? 'OK' : (GRPC_NAMES.get(code) ?? 'UNKNOWN')
}

/** Returns `rpc.status_code`, in the spelling of the system. Undefined for a success in Connect, which has no name for it. */
export function rpcStatus(protocol: string, code: Code | undefined): string | undefined {
  if (protocol !== 'connect') return grpcStatus(code)
  return code === undefined ? undefined : codeToString(code)
}

/** The codes for which a server's call counts as failed; the others are the caller's doing. To a client all but OK are errors. */
const SERVER_ERRORS: ReadonlySet<Code | undefined> = new Set([
  Code.Unknown,
  Code.DeadlineExceeded,
  Code.Unimplemented,
  Code.Internal,
  Code.Unavailable,
  Code.DataLoss,
])

/** Whether a call that ended with this code counts as an error at this end. Undefined is `OK`. */
export function isRpcError(side: 'server' | 'client', code: Code | undefined): boolean {
  return side === 'client' ? code !== undefined : SERVER_ERRORS.has(code)
}

function toSnakeCase(name: string): string {
  return name.replace(/(?<=[a-z])[A-Z]/g, '_$&').toUpperCase()
}
