/** Uses every entrance of the package, as users' programs do. */
import { mkdir, rename } from 'node:fs/promises'
import path from 'node:path'
import { runCommand, startProgram } from '../support/command.ts'
import { thisNodeEnv } from '../support/npm.ts'
import type { Check } from '../support/run-checks.ts'
import { check, expect, expectFailure, expectNoMatch, expectOutput } from './checks.ts'
import { BIN, type Project } from './project.ts'

/** What `lanes.mts` prints when all protocols are answered. */
export const NATIVE = 'native: grpc, grpc-web, connect\n'
export const BOTH_LANES = `${NATIVE}reference: grpc, grpc-web, connect\n`

/** What esbuild needs for packages in CommonJS, such as Fastify, that require modules of Node. */
const REQUIRE_IN = {
  esm: ["--banner:js=import{createRequire}from'node:module';const require=createRequire(import.meta.url);"],
  cjs: [],
} as const

export function serverChecks(server: Project, client: Project): readonly Check[] {
  return [
    check('server, client and command meet', async () => {
      await using running = await startProgram(server.command('node', 'server.mts'), /^port (\d+)$/)
      const address = `http://127.0.0.1:${running.found}`
      const response = await fetch(`${address}/about`)
      expect(response.ok, `status ${response.status}`)
      await expectOutput(client.command('node', 'client.mts', address), 'Hello package\n')
      const call = ['call', address, 'greeter.v1.GreeterService/SayHello', '-d', '{"name":"command"}']
      const output = await runCommand(client.command('npx', '--no', 'portico', ...call))
      expect(output.includes('Hello command'), output)
    }),
    check('the command finds servers in a registry, and says which package one needs', async () => {
      const list = (target: string) => client.command('npx', '--no', 'portico', 'registry', 'list', target)
      await expectFailure(list('etcd://127.0.0.1:1/greeter'), 'greeter in etcd: cannot connect')
      await expectFailure(list('nats://127.0.0.1:1/greeter'), 'run "npm install @nats-io/')
    }),
    check('the native lane needs none of the packages of the reference lane', () =>
      expectOutput(server.command('node', 'lanes.mts', 'native'), NATIVE),
    ),
    check('the reference lane says which packages it needs', () =>
      expectFailure(
        server.command('node', 'lanes.mts', 'reference'),
        'run "npm install @connectrpc/connect-fastify @connectrpc/connect-node"',
      ),
    ),
    check('a page has nothing of Node in it', async () => {
      const page = client.path('page.js')
      const flags = ['--bundle', '--platform=browser', '--format=esm', `--outfile=${page}`]
      await runCommand(client.command(path.join(BIN, 'esbuild'), 'page.mts', ...flags))
      await expectNoMatch(page, /["']node:[a-z/]+["']/)
    }),
    check('a bundled program runs without the reference lane', async () => {
      await expectOutput(await bundled(server, 'esm', 'native'), NATIVE)
    }),
  ]
}

/** With the packages that the reference lane needs. */
export function bundleChecks(reference: Project): readonly Check[] {
  return (['esm', 'cjs'] as const).map((format) =>
    check(`a bundled program runs both lanes, as ${format}`, async () => {
      await expectOutput(await bundled(reference, format, 'native', 'reference'), BOTH_LANES)
    }),
  )
}

/** The program is moved away from its packages. */
async function bundled(project: Project, format: keyof typeof REQUIRE_IN, ...lanes: readonly string[]) {
  const file = format === 'esm' ? 'lanes.mjs' : 'lanes.cjs'
  const flags = ['--bundle', '--minify', '--platform=node', `--format=${format}`, `--outfile=${file}`]
  await runCommand(project.command(path.join(BIN, 'esbuild'), 'lanes.mts', ...flags, ...REQUIRE_IN[format]))
  const alone = `${project.folder}-bundle-${format}`
  await mkdir(alone)
  await rename(project.path(file), path.join(alone, file))
  return { program: 'node', args: [file, ...lanes], cwd: alone, env: thisNodeEnv }
}
