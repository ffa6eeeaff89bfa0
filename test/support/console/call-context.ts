/** The setting in which the engine of the console calls a test server. */
import { create, type DescFile, toBinary } from '@bufbuild/protobuf'
import { FileDescriptorSetSchema } from '@bufbuild/protobuf/wkt'
import { loadApi } from '../../../console/app/api/api.ts'
import type { CallContext } from '../../../console/app/call/start-call.ts'
import { file_greeter_v1_greeter } from '../../../gen/greeter/v1/greeter_pb.js'
import type { ConsoleFacts } from '../../../wire/console/console-facts.ts'

/** A server that answers all protocols. */
export const FACTS: ConsoleFacts = {
  title: 'Test',
  version: '0',
  prefix: '',
  protocols: ['connect', 'grpc-web', 'websocket', 'rest', 'grpc'],
  needsCredentials: false,
  schemes: {},
  descriptorsPath: '/console/descriptors.binpb',
  metricsPath: null,
  docsPath: null,
  isDemo: false,
}

/** Returns the setting for calls of the services in a file: by default, the demo's. */
export function callContext(origin: string, file: DescFile = file_greeter_v1_greeter): CallContext {
  return { origin, api: loadApi(descriptorsOf(file)), facts: FACTS, credentials: [] }
}

/** Returns a FileDescriptorSet of a file and all that it imports, as a server sends it. */
export function descriptorsOf(file: DescFile): Uint8Array {
  const files = new Map<string, DescFile>()
  collect(file, files)
  return toBinary(
    FileDescriptorSetSchema,
    create(FileDescriptorSetSchema, { file: [...files.values()].map(({ proto }) => proto) }),
  )
}

function collect(file: DescFile, files: Map<string, DescFile>): void {
  if (files.has(file.name)) return
  for (const imported of file.dependencies) collect(imported, files)
  files.set(file.name, file)
}
