/** The services of this product, as a foreign gRPC client reads them from their .proto files. */
import { fileURLToPath } from 'node:url'
import { loadSync, type PackageDefinition } from '@grpc/proto-loader'
import { protoPath as healthProto } from 'grpc-health-check'

/** The folder of our .proto files. */
export const PROTO_FOLDER = fileURLToPath(new URL('../../proto', import.meta.url))

const REFLECTION = new URL('../../node_modules/@grpc/reflection/build/proto/grpc/reflection/v1/', import.meta.url)

/** How foreign clients read messages: names as in the .proto files, 64-bit integers as text. */
export const LOADING = { keepCase: true, longs: String, enums: String, defaults: true, oneofs: true }

/** The greeter, the two compatible ones, health and reflection. */
export function loadDefinitions(): PackageDefinition {
  const ours = ['greeter/v1/greeter.proto', 'compat/greeter.proto', 'compat/proto.proto']
  return {
    ...loadSync(ours, { ...LOADING, includeDirs: [PROTO_FOLDER] }),
    ...loadSync(healthProto, LOADING),
    ...loadSync(fileURLToPath(new URL('reflection.proto', REFLECTION)), LOADING),
  }
}
