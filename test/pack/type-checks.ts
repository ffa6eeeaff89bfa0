/** The declarations, and the manifest that leads to them. */
import path from 'node:path'
import { runCommand } from '../support/command.ts'
import type { Check } from '../support/run-checks.ts'
import { check } from './checks.ts'
import { PUBLISHED_PROTOS } from './entrances.ts'
import { BIN, type Project } from './project.ts'

const TYPE_ROOTS = path.resolve(import.meta.dirname, '../../node_modules/@types')
/** The declarations of all packages are checked, on machines that may be busy. */
const TIMEOUT_MS = 180_000
/** By design, CommonJS users and TypeScript's oldest resolution get ES modules only. */
const ACCEPTED = ['--ignore-rules', 'cjs-resolves-to-esm']

/** The strictest settings, declarations included. `@types/node` is that of this repository, as no other package needs it. */
const STRICTEST = {
  target: 'es2024',
  lib: ['es2024', 'esnext.disposable', 'dom', 'dom.iterable', 'dom.asynciterable'],
  module: 'nodenext',
  strict: true,
  exactOptionalPropertyTypes: true,
  noUncheckedIndexedAccess: true,
  skipLibCheck: false,
  types: ['node'],
  typeRoots: [TYPE_ROOTS],
}

export function manifestChecks(tarball: string): readonly Check[] {
  return [
    check('publint finds nothing', async () => {
      await runCommand({ program: path.join(BIN, 'publint'), args: ['--strict', tarball] })
    }),
    check('types resolve as modules do', async () => {
      const args = [tarball, ...ACCEPTED, '--exclude-entrypoints', ...PUBLISHED_PROTOS.map(protoEntrance)]
      await runCommand({ program: path.join(BIN, 'attw'), args, timeoutMs: TIMEOUT_MS })
    }),
  ]
}

/** @param projects with Fastify, by their special feature */
export function declarationChecks(projects: Readonly<Record<string, Project>>): readonly Check[] {
  return Object.entries(projects).map(([name, project]) =>
    check(`the declarations hold with ${name}`, async () => {
      await project.write('tsconfig.json', { compilerOptions: { ...STRICTEST, noEmit: true }, include: ['*.mts'] })
      await runCommand({ ...project.command(path.join(BIN, 'tsc'), '-p', '.'), timeoutMs: TIMEOUT_MS })
    }),
  )
}

/** Compiles `required.cts` too, which other checks run. */
export function commonJsChecks(server: Project): readonly Check[] {
  return [
    check('the declarations hold for CommonJS', async () => {
      await server.write('tsconfig.cjs.json', { compilerOptions: STRICTEST, files: ['required.cts'] })
      await runCommand({ ...server.command(path.join(BIN, 'tsc'), '-p', 'tsconfig.cjs.json'), timeoutMs: TIMEOUT_MS })
    }),
  ]
}

/** @param project with TypeScript 5.9 */
export function olderTypeScriptChecks(project: Project): readonly Check[] {
  const { module: _module, ...options } = STRICTEST
  const tsc = project.path('node_modules/.bin/tsc')
  return [
    check('TypeScript 5.9 finds the types with node10', async () => {
      const node10 = { ...options, module: 'esnext', moduleResolution: 'node10', noEmit: true }
      // Fastify's own declarations are not written for it.
      const compilerOptions = { ...node10, target: 'es2022', skipLibCheck: true }
      await project.write('tsconfig.node10.json', { compilerOptions, include: ['*.mts'] })
      await runCommand({ ...project.command(tsc, '-p', 'tsconfig.node10.json'), timeoutMs: TIMEOUT_MS })
    }),
    check('TypeScript 5.9 finds the types with nodenext', async () => {
      await project.write('tsconfig.json', {
        compilerOptions: { ...STRICTEST, noEmit: true },
        include: ['*.mts', '*.cts'],
      })
      await runCommand({ ...project.command(tsc, '-p', '.'), timeoutMs: TIMEOUT_MS })
    }),
  ]
}

/** Programs do not import protos, so they have no types. */
function protoEntrance(name: string): string {
  return `${name.replace('portico/', '')}.proto`
}
