/** The files of deploy/, and the pages that show them: they can be parsed, and their names, delays, periods and ports fit together. */
import { globSync, readFileSync } from 'node:fs'
import path from 'node:path'
import { expect, test } from 'vitest'
import { parse, parseAllDocuments } from 'yaml'
import { parseArguments } from '../../client/node/cli/arguments/parse-arguments.ts'
import { healthCommand } from '../../client/node/cli/commands/health.ts'
import { parseRegistryUrl } from '../../registry/url/registry-url.ts'
import { optionTable } from '../../server/config/option-table.ts'
import { allPages, fileOnPage, ROOT, readPage } from '../support/pages/read-page.ts'

const DEPLOYED = globSync('deploy/**/{*.*,Dockerfile}', { cwd: ROOT }).sort()
const deployed = (file: string) => readFileSync(path.join(ROOT, 'deploy', file), 'utf8')

const UNIT = deployed('systemd/shop.service')
const DOCKERFILE = deployed('docker/Dockerfile')
const COMPOSE: Compose = parse(deployed('compose/compose.yaml'))
const DROP_IN = fileOnPage('docs/deploying/fleet.md', 'registry.conf')
const MANIFESTS = DEPLOYED.filter((file) => file.startsWith('deploy/kubernetes/'))

const shown = allPages().flatMap((page) =>
  readPage(page).flatMap((block) => (block.kind === 'file' ? [{ page, ...block }] : [])),
)
const yamlFiles = [
  ...shown.filter(({ language }) => language === 'yaml'),
  ...MANIFESTS.map((file) => ({ page: file, name: path.basename(file), body: readFileSync(file, 'utf8') })),
]

test('pages show the files of deploy/ as they are', () => {
  const inDeploy = new Map(DEPLOYED.map((file) => [path.basename(file), readFileSync(path.join(ROOT, file), 'utf8')]))
  const both = shown.filter(({ name }) => inDeploy.has(name))
  const names = ['Dockerfile', 'compose.yaml', 'deployment.yaml', 'service.yaml', 'shop.service']
  expect(both.map(({ name }) => name)).toEqual(expect.arrayContaining(names))
  for (const { name, body } of both) expect(body, name).toBe(inDeploy.get(name))
})

test.each(yamlFiles)('$name of $page is YAML', ({ body }) => {
  const documents = parseAllDocuments(body)
  expect(documents.length).toBeGreaterThan(0)
  expect(documents.flatMap(({ errors, warnings }) => [...errors, ...warnings])).toEqual([])
})

test('the grace period of a pod is longer than its drain', () => {
  const { spec, container } = podOf()
  const { PORTICO_DRAIN_DELAY: delay, PORTICO_DRAIN_TIMEOUT: timeout } = environmentOf()
  expect(spec.terminationGracePeriodSeconds).toBeGreaterThan(seconds(delay) + seconds(timeout))
  expect(seconds(delay)).toBeGreaterThan(0)
  expect(container.lifecycle).toBeUndefined()
})

test('the ports of the pod, its probes, the Service, the policy and the route are those that it listens on', () => {
  const { container } = podOf()
  const port = Number(environmentOf().PORT)
  const { name } = container.ports[0]
  expect(environmentOf().HOST).toBe('0.0.0.0')
  expect(container.ports).toEqual([{ name, containerPort: port }])
  expect(container.startupProbe.httpGet).toEqual({ path: '/startedz', port: name })
  expect(container.livenessProbe.httpGet).toEqual({ path: '/livez', port: name })
  expect(container.readinessProbe.grpc).toEqual({ port })
  const service = manifest('service.yaml')
  const ports = [{ port, targetPort: name, appProtocol: 'kubernetes.io/h2c' }]
  expect(service.spec).toMatchObject({ clusterIP: 'None', ports })
  expect(manifest('network-policy.yaml').spec.ingress).toMatchObject([{ ports: [{ protocol: 'TCP', port: name }] }])
  expect(manifest('grpc-route.yaml').spec.rules).toMatchObject([
    { backendRefs: [{ name: service.metadata.name, port }] },
  ])
})

test('all manifests of servers are about the pods of the Deployment', () => {
  const { metadata, spec } = manifest('deployment.yaml')
  const labels = spec.template.metadata.labels
  expect(spec.selector.matchLabels).toEqual(labels)
  const ofServers = MANIFESTS.filter((file) => path.dirname(file) === 'deploy/kubernetes')
  for (const file of ofServers) expect(manifest(path.basename(file)).metadata, file).toEqual({ ...metadata, labels })
  expect(manifest('service.yaml').spec.selector).toEqual(labels)
  expect(manifest('disruption-budget.yaml').spec.selector.matchLabels).toEqual(labels)
  expect(manifest('network-policy.yaml').spec.podSelector.matchLabels).toEqual(labels)
  expect(manifest('autoscaler.yaml').spec.scaleTargetRef).toEqual({
    apiVersion: 'apps/v1',
    kind: 'Deployment',
    name: metadata.name,
  })
  expect(spec.replicas, 'the autoscaler sets it').toBeUndefined()
  const { maxUnavailable } = manifest('disruption-budget.yaml').spec
  expect(manifest('autoscaler.yaml').spec.minReplicas).toBeGreaterThan(maxUnavailable)
})

test('the manifest of clients gives the account the role, and the role the rights to follow slices', () => {
  const documents = parseAllDocuments(deployed('kubernetes/clients/registry-reader.yaml'))
  const [account, role, binding] = documents.map((document) => document.toJS())
  expect(binding.subjects).toEqual([{ kind: account.kind, name: account.metadata.name }])
  expect(binding.roleRef).toMatchObject({ kind: role.kind, name: role.metadata.name })
  const slices = { apiGroups: ['discovery.k8s.io'], resources: ['endpointslices'] }
  expect(role.rules).toEqual([{ ...slices, verbs: ['list', 'watch'] }])
})

test('pods have no privileges and bounded memory', () => {
  const { spec, container } = podOf()
  expect(spec).toMatchObject({
    automountServiceAccountToken: false,
    enableServiceLinks: false,
    securityContext: { runAsNonRoot: true, seccompProfile: { type: 'RuntimeDefault' } },
  })
  expect(container.securityContext).toEqual({
    allowPrivilegeEscalation: false,
    readOnlyRootFilesystem: true,
    capabilities: { drop: ['ALL'] },
  })
  expect(container.resources.limits.memory).toMatch(/^\d+Mi$/)
})

test('the route publishes neither health, reflection nor channelz', () => {
  const [rule] = manifest('grpc-route.yaml').spec.rules
  expect(rule.matches.map(({ method }: { method: { service: string } }) => method.service)).toEqual([
    'shop.v1.ShopService',
  ])
})

test('variables of deploy/ are those of options', () => {
  const known = new Set(['NODE_ENV', 'HOST', 'PORT', ...Object.values(optionTable).map(({ env }) => env)])
  const ofUnit = Array.from(UNIT.matchAll(/^Environment=(\w+)=/gm), ([, name = '']) => name)
  const ofImage = Array.from(DOCKERFILE.matchAll(/^ENV (.+)$/gm), ([, line = '']) => line.split(' ')).flat()
  const ofDropIn = Array.from(DROP_IN.matchAll(/^Environment=(\w+)=/gm), ([, name = '']) => name)
  const ofCompose = Object.keys(COMPOSE.services.shop.environment)
  const names = [
    ...[...Object.keys(environmentOf()), ...ofUnit, ...ofDropIn, ...ofCompose],
    ...ofImage.map((pair) => pair.split('=')[0]),
  ]
  expect(names.length).toBeGreaterThan(10)
  expect(names.filter((name = '') => !known.has(name))).toEqual([])
})

test('systemd waits longer than the drain', () => {
  const value = (name: string) => new RegExp(`${name}=(\\w+)$`, 'm').exec(UNIT)?.[1] ?? ''
  const drain = seconds(value('PORTICO_DRAIN_DELAY')) + seconds(value('PORTICO_DRAIN_TIMEOUT'))
  expect(seconds(value('TimeoutStopSec'))).toBeGreaterThan(drain)
  expect(drain).toBeGreaterThan(0)
})

test('docker stop waits longer than the drain', () => {
  expect(seconds(/PORTICO_DRAIN_TIMEOUT=(\w+)$/m.exec(DOCKERFILE)?.[1])).toBeLessThan(10)
})

test('Compose waits longer than the drain, and its servers register in the etcd that it starts', () => {
  const { shop, etcd } = COMPOSE.services
  expect(seconds(shop.stop_grace_period)).toBeGreaterThan(seconds(shop.environment.PORTICO_DRAIN_TIMEOUT))
  const { hosts, scheme } = parseRegistryUrl(shop.environment.PORTICO_REGISTRY)
  expect([scheme, hosts]).toEqual(['etcd', ['etcd:2379']])
  expect(etcd.command).toContain('--advertise-client-urls=http://etcd:2379')
})

test('the Dockerfile is the one that new projects get', () => {
  for (const file of ['Dockerfile', '.dockerignore']) {
    const template = readFileSync(path.join(ROOT, 'create/templates/service', file), 'utf8')
    expect(deployed(`docker/${file}`), file).toBe(template)
  }
})

test('the Dockerfile calls the probe with arguments that it has, and a time limit', () => {
  const [, line = ''] = /node_modules\/\.bin\/portico health (.+)$/m.exec(DOCKERFILE) ?? []
  const { operands, values } = parseArguments(line.replaceAll('"', '').split(' '), healthCommand.flags, ['ADDRESS'])
  expect(operands).toEqual(['http://127.0.0.1:$PORT'])
  expect(values).toMatchObject({ timeout: expect.stringMatching(/^\d+s$/) })
})

test('the unit with a probe asks until the server is ready, within the time that systemd gives it', () => {
  const unit = fileOnPage('docs/deploying/systemd.md', 'wait.conf')
  const [, seconds, url] = /--retry-max-time (\d+) --retry-all-errors (\S+)$/m.exec(unit) ?? []
  expect(url).toBe('http://127.0.0.1:8080/readyz')
  // DefaultTimeoutStartSec of systemd is 90 s.
  expect(Number(seconds)).toBeLessThan(90)
})

interface Compose {
  readonly services: {
    readonly etcd: { readonly command: readonly string[] }
    readonly shop: {
      readonly environment: Readonly<Record<'PORTICO_REGISTRY' | 'PORTICO_DRAIN_TIMEOUT', string>>
      readonly stop_grace_period: string
    }
  }
}

interface Probe {
  readonly httpGet?: unknown
  readonly grpc?: unknown
}

interface Container {
  readonly ports: readonly [{ readonly name: string; readonly containerPort: number }]
  readonly env: readonly { readonly name: string; readonly value: string }[]
  readonly lifecycle?: unknown
  readonly startupProbe: Probe
  readonly livenessProbe: Probe
  readonly readinessProbe: Probe
  readonly resources: { readonly limits: { readonly memory: string } }
  readonly securityContext: unknown
}

interface PodSpec {
  readonly terminationGracePeriodSeconds: number
  readonly containers: readonly [Container]
}

function manifest(name: string) {
  return parse(deployed(`kubernetes/${name}`))
}

function podOf(): { readonly spec: PodSpec; readonly container: Container } {
  const spec: PodSpec = manifest('deployment.yaml').spec.template.spec
  return { spec, container: spec.containers[0] }
}

function environmentOf(): Readonly<Record<string, string>> {
  return Object.fromEntries(podOf().container.env.map(({ name, value }) => [name, value]))
}

function seconds(duration = ''): number {
  return Number(/^(\d+)s$/.exec(duration)?.[1])
}
