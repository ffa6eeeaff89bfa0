/** The services of this project, as a third-party gRPC client loads them from .proto files. */
import { fileURLToPath } from 'node:url'
import { loadSync, type PackageDefinition } from '@grpc/proto-loader'
import { protoPath as healthProto } from 'grpc-health-check'

/** The directory of our .proto files. */
export const PROTO_FOLDER = fileURLToPath(new URL('../../proto', import.meta.url))

const REFLECTION = new URL('../../node_modules/@grpc/reflection/build/proto/grpc/reflection/v1/', import.meta.url)

/** How third-party clients decode messages: original field names, 64-bit integers as strings. */
export const LOADING = { keepCase: true, longs: String, enums: String, defaults: true, oneofs: true }

/** The greeter, the two compatible greeters, health and reflection. */
export function loadDefinitions(): PackageDefinition {
  const ours = ['greeter/v1/greeter.proto', 'compat/greeter.proto', 'compat/proto.proto']
  return {
    ...loadSync(ours, { ...LOADING, includeDirs: [PROTO_FOLDER] }),
    ...loadSync(healthProto, LOADING),
    ...loadSync(fileURLToPath(new URL('reflection.proto', REFLECTION)), LOADING),
  }
}
