/** Who may import whom, and what checks it. */
import { posix } from 'node:path'
import type { Import, SourceModule } from './source-module.ts'

/** What the modules of one area may import besides each other. Of two rules that fit, the longer `area` holds. */
export interface ImportRule {
  /** Prefixes of the paths of the area. A prefix that ends in `/*` means the files directly in that folder. */
  readonly area: string
  /** Prefixes of paths that may be imported. Modules of Node and npm may be imported unless `mayNot` names them. */
  readonly may: readonly string[]
  /** Prefixes of paths of which only types may be imported. */
  readonly mayForTypes?: readonly string[]
  /** Prefixes of Node and npm modules that may not be imported. */
  readonly mayNot?: readonly string[]
  readonly reason: string
}

/** The import directions of the repository. */
export const IMPORT_RULES: readonly ImportRule[] = [
  { area: 'gen/', may: [], reason: 'generated code does not depend on written code' },
  { area: 'bin/', may: [], reason: 'the launcher must run on any Node, even an unsupported one' },
  {
    area: 'wire/',
    may: [],
    mayNot: ['fastify', '@fastify/'],
    reason: 'server and client share it, on any transport',
  },
  { area: 'wire/nats/', may: [], reason: 'the topics of the demo and a registry share the connection to NATS' },
  { area: 'wire/options/', may: [], mayNot: ['node:', 'fastify'], reason: 'browsers run it too' },
  { area: 'wire/grpc-websockets/', may: [], mayNot: ['node:', 'fastify'], reason: 'browsers run it too' },
  {
    area: 'wire/console/',
    may: [],
    mayNot: ['node:', 'fastify'],
    reason: 'the page of the console and its server share it',
  },
  {
    area: 'server/services/',
    may: ['gen/', 'wire/options/', 'wire/http2/http2.ts'],
    reason: 'services do not depend on protocols; they share the clock',
  },
  {
    area: 'server/demo/',
    may: ['gen/', 'server/demo/topics/', 'wire/abort-group.ts', 'wire/codec/encode/encode-once.ts'],
    reason: 'the services of the demo are like those of any user',
  },
  {
    area: 'server/demo/topics/',
    may: ['wire/abort-group.ts', 'wire/nats/', 'server/workers/contracts/'],
    reason: 'a broker can replace the hub, so it depends on no service and no protocol',
  },
  { area: 'server/interceptors/', may: ['gen/'], mayForTypes: ['wire/'], reason: 'they see calls, not bytes' },
  {
    area: 'server/observing/',
    may: ['wire/', 'server/interceptors/'],
    reason: 'sockets and calls report to observers, which depend on neither',
  },
  {
    area: 'server/rpc/',
    may: ['wire/', 'gen/', 'server/interceptors/', 'server/observing/', 'server/workers/contracts/'],
    reason: 'calls run through the interceptors',
  },
  {
    area: 'server/middleware/',
    may: ['server/rpc/', 'wire/'],
    reason: 'it depends on the contract of middleware only',
  },
  {
    area: 'server/reference/',
    may: ['server/rpc/', 'server/listen/', 'server/interceptors/', 'server/observing/', 'wire/', 'gen/'],
    reason: 'it is the other implementation of calls: the native lane does not depend on it',
  },
  {
    area: 'server/routed/',
    may: ['server/rpc/', 'server/listen/', 'wire/', 'gen/'],
    reason: 'it takes calls through the hooks of Fastify: calls and ports work without it',
  },
  {
    area: 'server/admin/',
    may: [
      'server/rpc/',
      'server/listen/',
      'server/lifecycle/',
      'server/observing/',
      'server/config/',
      'wire/',
      'gen/',
      'server/workers/contracts/',
    ],
    reason: 'it shows and changes a server, which works without it',
  },
  {
    area: 'server/auth/',
    may: ['server/rpc/', 'server/lifecycle/', 'gen/', 'wire/'],
    reason: 'calls do not depend on who may make them',
  },
  {
    area: 'server/listen/',
    may: ['wire/', 'server/observing/', 'server/rpc/exchange/', 'server/workers/contracts/'],
    reason: 'sockets do not depend on services',
  },
  {
    area: 'server/validation/',
    may: ['server/rpc/', 'server/interceptors/', 'wire/'],
    reason: 'calls do not depend on what their messages must be',
  },
  {
    area: 'server/rest/',
    may: ['server/rpc/'],
    mayForTypes: ['server/terminal/'],
    reason: 'it adds a protocol that calls do without',
  },
  {
    area: 'server/limits/',
    may: ['server/rpc/', 'wire/', 'server/workers/contracts/'],
    reason: 'calls do not depend on what limits them',
  },
  { area: 'server/files/', may: ['server/rpc/exchange/'], reason: 'it serves files, whatever their content' },
  {
    area: 'server/console/',
    may: [
      'server/files/',
      'server/interceptors/',
      'server/openapi/comments/',
      'server/routed/',
      'server/rpc/',
      'server/services/reflection/',
      'wire/',
    ],
    reason: 'it shows a server, which works without it',
  },
  {
    area: 'server/openapi/',
    may: ['server/files/', 'server/rpc/', 'server/auth/auth-rules.ts', 'wire/', 'gen/'],
    reason: 'calls do not depend on what describes them',
  },
  {
    area: 'server/telemetry/',
    may: [
      'server/terminal/',
      'server/lifecycle/',
      'wire/text/',
      'wire/options/',
      'wire/telemetry/',
      'wire/codec/codec-counts.ts',
      'wire/guard-observers.ts',
      'wire/version.ts',
      'server/workers/contracts/',
    ],
    mayForTypes: ['wire/', 'server/rpc/'],
    reason: 'calls and ports report to it, and do not depend on it',
  },
  { area: 'server/terminal/', may: ['wire/text/'], reason: 'it turns facts and log lines into text' },
  {
    area: 'server/lifecycle/',
    may: [],
    mayForTypes: ['wire/'],
    reason: 'it depends on nothing above it: its caller passes what to end, and the clock',
  },
  {
    area: 'server/config/',
    may: ['wire/'],
    reason: 'it only reads options, with the checks that both ends share',
  },
  { area: 'server/demo/page/', may: [], reason: 'it serves files, whatever their content' },
  {
    area: 'server/*',
    may: ['server/', 'wire/', 'gen/', 'bin/'],
    mayForTypes: ['registry/contracts/'],
    reason: 'it assembles the parts',
  },
  {
    area: 'server/registry-engines.ts',
    may: ['registry/', 'server/registry/', 'wire/nats/nats-packages.ts'],
    reason: 'it names the registries, and loads those that a flag names, so that servers work without them',
  },
  {
    area: 'server/workers/',
    may: ['wire/', 'server/lifecycle/', 'server/config/', 'server/workers/contracts/'],
    mayForTypes: ['server/'],
    reason: 'a server works without it, in one process',
  },
  { area: 'server/workers/contracts/', may: [], reason: 'what workers share depends on it, in all parts of a server' },
  {
    area: 'server/registry/',
    may: ['wire/'],
    mayForTypes: ['registry/contracts/', 'server/'],
    reason: 'a server knows registries by their contract only',
  },
  {
    area: 'registry/',
    may: ['registry/contracts/', 'client/', 'wire/', 'gen/'],
    reason: 'registries use the channel, and no server',
  },
  { area: 'registry/contracts/', may: [], mayForTypes: ['wire/'], reason: 'servers and registries depend on it' },
  { area: 'client/core/', may: ['gen/', 'wire/options/'], mayNot: ['node:'], reason: 'browsers run it' },
  {
    area: 'client/node/',
    may: ['client/node/contracts/', 'client/core/', 'wire/', 'gen/'],
    reason: 'the client does not depend on the server',
  },
  {
    area: 'client/node/contracts/',
    may: ['client/core/', 'wire/'],
    reason: 'the parts of a channel depend on their contracts, not the reverse',
  },
  {
    area: 'client/node/cli/',
    may: ['client/node/', 'client/core/', 'registry/', 'wire/', 'gen/'],
    reason: 'the program uses the client and the registries as applications do',
  },
  {
    area: 'client/node/cli/commands/openapi.ts',
    may: ['client/node/', 'client/core/', 'wire/', 'gen/', 'server/openapi/'],
    reason:
      'it writes the document that a server serves, so it loads the same generator, and nothing else of the server',
  },
  {
    area: 'client/demo/',
    may: ['client/core/', 'gen/'],
    mayNot: ['node:'],
    reason: 'the page and the client program of the demo share it',
  },
  {
    area: 'console/app/',
    may: ['client/web/', 'client/core/', 'client/demo/', 'wire/console/', 'gen/'],
    mayNot: ['node:'],
    reason: 'browsers run it, and it shows any server',
  },
  {
    area: 'console/app/vite.config.ts',
    may: ['console/licenses.ts'],
    reason: 'the build of the page, which runs in Node',
  },
  {
    area: 'client/web/',
    may: ['client/core/', 'wire/options/', 'wire/grpc-websockets/'],
    mayNot: ['node:'],
    reason: 'browsers run it',
  },
  {
    area: 'client/web/page/',
    may: ['client/web/', 'client/core/', 'client/demo/', 'gen/'],
    mayNot: ['node:'],
    reason: 'browsers run it, and it shows the demo',
  },
  { area: 'client/web/bundle.ts', may: [], reason: 'the build script of the page, which runs in Node' },
  { area: 'client/*', may: ['bin/'], reason: 'the start of the client program' },
]

/** The rule for a path, if one holds. */
export function ruleFor(path: string): ImportRule | undefined {
  return IMPORT_RULES.filter(({ area }) => isIn(path, area)).sort((a, b) => b.area.length - a.area.length)[0]
}

/** Returns a sentence for every import that breaks a rule, and for every module without a rule. */
export function findForbiddenImports(modules: readonly SourceModule[]): string[] {
  return modules.flatMap(({ path, imports }) => {
    const rule = ruleFor(path)
    if (rule === undefined) return [`${path}: no rule says what it may import`]
    return imports
      .filter((imported) => !isAllowed(imported, rule))
      .map(({ target }) => `${path} imports ${target}, but of ${rule.area}: ${rule.reason}`)
  })
}

/** Every import cycle once, as `a -> b -> a`. Includes types, as a cycle of types is one concept split in two. */
export function findImportCycles(modules: readonly SourceModule[]): string[] {
  return findCycles(new Map(modules.map(({ path, imports }) => [path, imports.map(({ target }) => target)])))
}

/**
 * Every ring of folders once, as `a -> b -> a`. The folder of a module is the directory it lies in; a folder and its
 * sub-folders count as separate ones, so a parent may assemble its children as long as they import nothing from it.
 */
export function findFolderCycles(modules: readonly SourceModule[]): string[] {
  const folders = new Map<string, Set<string>>()
  for (const { path, imports } of modules) {
    const folder = posix.dirname(path)
    const imported = folders.get(folder) ?? new Set()
    folders.set(folder, imported)
    for (const { target } of imports)
      if (isOurs(target) && posix.dirname(target) !== folder) imported.add(posix.dirname(target))
  }
  return findCycles(folders)
}

/** Whether an import is of this repository, by a path or by its name as a package, rather than of Node or npm. */
export function isOurs(target: string): boolean {
  return /^(?:bin|gen|wire|server|client|registry|console|test|bench|portico|\.\.)\//.test(target)
}

/** Walks a graph, each node of which names those that it leads to. */
function findCycles(graph: ReadonlyMap<string, Iterable<string>>): string[] {
  const done = new Set<string>()
  const trail: string[] = []
  const cycles: string[] = []
  function visit(node: string): void {
    const start = trail.indexOf(node)
    if (start >= 0) cycles.push([...trail.slice(start), node].join(' -> '))
    if (start >= 0 || done.has(node)) return
    trail.push(node)
    for (const next of graph.get(node) ?? []) if (graph.has(next)) visit(next)
    trail.pop()
    done.add(node)
  }
  for (const node of graph.keys()) visit(node)
  return cycles
}

function isAllowed({ target, isTypeOnly }: Import, { area, may, mayForTypes = [], mayNot = [] }: ImportRule): boolean {
  if (!isOurs(target)) return !mayNot.some((name) => target.startsWith(name))
  const others = [...may, ...(isTypeOnly ? mayForTypes : [])]
  return ruleFor(target)?.area === area || others.some((prefix) => isIn(target, prefix))
}

function isIn(path: string, area: string): boolean {
  if (!area.endsWith('/*')) return path.startsWith(area)
  const folder = area.slice(0, -1)
  return path.startsWith(folder) && !path.slice(folder.length).includes('/')
}
