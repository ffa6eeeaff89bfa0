/** The entrances of the package: source files by their names in `exports` of package.json. */

/** For Node. They share chunks. */
export const NODE_ENTRANCES = {
  server: 'server/public.ts',
  'server/admin': 'server/admin/public.ts',
  'server/auth': 'server/auth/public.ts',
  'server/rest': 'server/rest/public.ts',
  'server/limits': 'server/limits/public.ts',
  'server/validation': 'server/validation/public.ts',
  'server/openapi': 'server/openapi/public.ts',
  'server/telemetry': 'server/telemetry/public.ts',
  client: 'client/node/public.ts',
  'registry/consul': 'registry/consul/public.ts',
  'registry/kubernetes': 'registry/kubernetes/public.ts',
  'registry/nats': 'registry/nats/public.ts',
  'registry/etcd': 'registry/etcd/public.ts',
}

/** For pages. They share no chunks with those for Node. */
export const WEB_ENTRANCES = {
  web: 'client/web/public.ts',
  'web/connect': 'client/web/connect/public.ts',
  'web/grpc-web': 'client/web/grpc-web/public.ts',
  'web/websocket': 'client/web/websocket/public.ts',
}

/**
 * Protos for the protos of users to import, by their names without `.proto`, with the code that buf generates from them. A program
 * imports that code as `portico/gen/NAME_pb.js`, and finds the proto at `portico/NAME.proto` without `portico/` of its name.
 */
export const PUBLISHED_PROTOS = [
  'portico/options/v1/options',
  'google/api/annotations',
  'google/api/field_behavior',
  'google/api/http',
  'google/api/httpbody',
]

/** The command `portico`. */
export const PROGRAM = { cli: 'client/node/cli/main.ts' }
