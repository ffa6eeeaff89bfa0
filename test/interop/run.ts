/** Checks Portico against foreign programs: nine clients, servers on grpc-go and OpenSSL, and proxies in between. */
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { testCertificates } from '../support/certificates.ts'
import { startProgram } from '../support/command.ts'
import { runChecks } from '../support/run-checks.ts'
import { authorityChecks } from './authorities.ts'
import { authorizationCheck } from './authorization.ts'
import { binaryMetadataChecks } from './binary-metadata.ts'
import { bufCurlChecks } from './buf-curl.ts'
import { channelzChecks } from './channelz.ts'
import { clientChecks } from './client-checks.ts'
import { consoleSnippetChecks } from './console-snippets.ts'
import { curlChecks } from './curl.ts'
import { deployChecks } from './deploy.ts'
import { grpcGoChecks } from './grpc-go.ts'
import { grpcGoClientChecks } from './grpc-go-client.ts'
import { grpcGoEtcdChecks } from './grpc-go-etcd.ts'
import { grpcJsClientChecks } from './grpc-js-client.ts'
import { grpcWebChecks } from './grpc-web.ts'
import { grpcioChecks } from './grpcio.ts'
import { grpcioServerChecks } from './grpcio-server.ts'
import { grpcurlChecks } from './grpcurl.ts'
import { healthProbeChecks } from './health-probes.ts'
import { grpcGoHttp2NegativeChecks } from './http2-negative.ts'
import { openApiChecks } from './openapi/openapi.ts'
import { openApiTypesChecks } from './openapi-types.ts'
import { opensslChecks } from './openssl.ts'
import { prometheusChecks } from './prometheus.ts'
import { haproxyChecks } from './proxies/haproxy.ts'
import { nginxChecks } from './proxies/nginx.ts'
import { pageConfigChecks } from './proxies/page-configs.ts'
import { redisChecks } from './redis.ts'
import { envoyChecks } from './rest/envoy/envoy-comparison.ts'
import { grpcGatewayChecks } from './rest/grpc-gateway-comparison.ts'
import { startInteropServer } from './server.ts'
import { traceChecks } from './traces.ts'
import { webSocketClientChecks } from './websocket-client.ts'

const SERVER = path.resolve(import.meta.dirname, '../../server')
const ADDRESS = /listening at https?:\/\/([^\s"]+)/

await using cleanup = new AsyncDisposableStack()
const folder = await mkdtemp(path.join(tmpdir(), 'interop-'))
cleanup.defer(() => rm(folder, { recursive: true }))

const { ca, server } = await testCertificates()
const caFile = await write('ca.pem', ca)
const certFile = await write('cert.pem', server.cert)
const keyFile = await write('key.pem', server.key)
const tls = ['--tls-cert', certFile, '--tls-key', keyFile]
const cleartext = await startServer()
const both = await startServer(...tls, '--cleartext')
const managed = { cleartext: await startServer('--admin'), tls: await startServer('--admin', ...tls), caFile }
const ground = { cleartext, both, caFile, folder }
const interopServers = {
  cleartext: cleanup.use(await startInteropServer()),
  tls: cleanup.use(await startInteropServer({ tls: server })),
  // A client that pings ten seconds apart stays.
  lenient: cleanup.use(await startInteropServer({ keepalive: { minTimeMs: 5_000 } })),
}
const ourClient = cleanup.use(await clientChecks({ ca, caFile, certFile, keyFile, servers: interopServers }))
const webSockets = cleanup.use(await webSocketClientChecks(interopServers.cleartext))
const grpcGo = cleanup.use(await grpcGoChecks())
const grpcioServer = cleanup.use(await grpcioServerChecks(folder))
const healthProbes = cleanup.use(await healthProbeChecks({ caFile, tls: server }))
const authorization = cleanup.use(await authorizationCheck({ folder, caFile, certFile, keyFile }))
const grpcWeb = cleanup.use(await grpcWebChecks(ground))
const authorities = cleanup.use(await authorityChecks(ground))
const binaryMetadata = cleanup.use(await binaryMetadataChecks(folder))
const nginx = cleanup.use(await nginxChecks(folder))
const prometheus = cleanup.use(await prometheusChecks(await startServer('--metrics'), folder))
const haproxy = cleanup.use(await haproxyChecks(folder))
const traces = cleanup.use(await traceChecks())
const openApi = cleanup.use(await openApiChecks(folder, 'short'))
const pageConfigs = cleanup.use(await pageConfigChecks(folder))
const envoy = cleanup.use(await envoyChecks(folder))
const grpcGateway = cleanup.use(await grpcGatewayChecks())

await runChecks([
  ...curlChecks(ground),
  ...(await grpcurlChecks(ground)),
  ...(await consoleSnippetChecks(ground)),
  ...(await channelzChecks(managed)),
  ...bufCurlChecks(ground),
  ...(await grpcioChecks(ground, binaryMetadata.target)),
  ...grpcioServer.checks,
  ...(await openApiTypesChecks(ground)),
  ...binaryMetadata.checks,
  ...(await grpcGoClientChecks(ground, interopServers)),
  ...grpcJsClientChecks(interopServers.cleartext),
  ...ourClient.checks,
  ...webSockets.checks,
  ...(await grpcGoHttp2NegativeChecks()),
  ...grpcGo.checks,
  ...(await grpcGoEtcdChecks()),
  ...healthProbes.checks,
  authorization.check,
  ...grpcWeb.checks,
  ...authorities.checks,
  ...(await opensslChecks({ caFile, certFile, keyFile })),
  ...nginx.checks,
  ...haproxy.checks,
  ...pageConfigs.checks,
  ...traces.checks,
  ...openApi.checks,
  ...prometheus.checks,
  ...(await deployChecks(folder)),
  ...redisChecks(folder),
  ...envoy.checks,
  ...grpcGateway.checks,
])

async function startServer(...args: readonly string[]): Promise<string> {
  const command = { program: process.execPath, args: [SERVER, '--port', '0', '--log-format', 'json', ...args] }
  return cleanup.use(await startProgram(command, ADDRESS)).found
}

async function write(name: string, content: string): Promise<string> {
  const file = path.join(folder, name)
  await writeFile(file, content, { mode: 0o600 })
  return file
}
