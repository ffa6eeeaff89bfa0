/** The service of Connect's conformance suite, with the console. */
import { createFileRegistry } from '@bufbuild/protobuf'
import { conformanceService } from '../../conformance/conformance-service.ts'
import { ConformanceService } from '../../gen/connectrpc/conformance/v1/service_pb.js'
import { builtConsole } from '../console-app.ts'
import { startRoutes } from '../demo-server.ts'
import type { ForeignApi } from './foreign-api.ts'

/** Starts it. It is drained when the running test ends. */
export async function startConformanceApi(): Promise<ForeignApi> {
  const started = await startRoutes({
    routes: (router) => router.service(ConformanceService, conformanceService),
    console: { folder: await builtConsole(), title: 'Conformance' },
  })
  const { file } = ConformanceService
  const registry = createFileRegistry(file.proto, (name) => file.dependencies.find(({ proto }) => proto.name === name))
  return { ...started, registry, services: [ConformanceService] }
}
