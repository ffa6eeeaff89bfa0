/** Compares our REST with other transcoders: the part of the interoperation tests that `npm run deep` repeats with more requests. */
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { runChecks } from '../../support/run-checks.ts'
import { envoyChecks } from './envoy/envoy-comparison.ts'
import { grpcGatewayChecks } from './grpc-gateway-comparison.ts'

await using cleanup = new AsyncDisposableStack()
const folder = await mkdtemp(path.join(tmpdir(), 'transcoders-'))
cleanup.defer(() => rm(folder, { recursive: true }))
const envoy = cleanup.use(await envoyChecks(folder))
const grpcGateway = cleanup.use(await grpcGatewayChecks())
await runChecks([...envoy.checks, ...grpcGateway.checks])
