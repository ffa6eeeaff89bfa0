/** The versions of Node and of packages that Portico supports, at both ends of their ranges, and versions that it refuses. */
import path from 'node:path'
import { nodeFolder } from '../support/npm.ts'
import type { Check } from '../support/run-checks.ts'
import { check, expect, expectFailure, expectOutput } from './checks.ts'
import { NODE_ENTRANCES, WEB_ENTRANCES } from './entrances.ts'
import { BOTH_LANES, NATIVE } from './program-checks.ts'
import type { Project } from './project.ts'

const SUPPORTED_NODES = ['22.23.3', '24.21.0']
const OLD_NODE = '20.20.2'
const ENTRANCES = Object.keys({ ...NODE_ENTRANCES, ...WEB_ENTRANCES })

export function nodeChecks(server: Project): readonly Check[] {
  return [
    check(`CommonJS requires every entrance on Node ${process.versions.node}`, () =>
      requires(server, process.execPath),
    ),
    ...SUPPORTED_NODES.map((version) =>
      check(`CommonJS requires every entrance on Node ${version}`, async () =>
        requires(server, await install(version)),
      ),
    ),
    check(`Node ${OLD_NODE} is refused by every entrance in a sentence`, async () => {
      const node = await install(OLD_NODE)
      const sentence = `portico needs Node 22.18 or newer, and this is Node ${OLD_NODE}: install a newer one`
      for (const entrance of ENTRANCES) {
        await expectFailure(server.command(node, '--eval', `import('portico/${entrance}')`), sentence)
      }
      const command = server.path('node_modules/portico/dist/cli.js')
      await expectFailure(server.command(node, command, '--version'), `ended with 1\n${sentence}\n`)
    }),
  ]
}

export function peerChecks(oldest: Project, newest: Project): readonly Check[] {
  return [
    check('the oldest peers carry all protocols', () =>
      expectOutput(oldest.command('node', 'lanes.mts', 'native'), NATIVE),
    ),
    check('Connect 2.3 carries all protocols on both lanes', async () => {
      const packages = await newest.packages()
      expect(!packages.some((name) => /.node_modules\/@connectrpc\/connect$/.test(name)), packages.join('\n'))
      await expectOutput(newest.command('node', 'lanes.mts', 'native', 'reference'), BOTH_LANES)
    }),
  ]
}

async function requires(project: Project, node: string): Promise<void> {
  await expectOutput(project.command(node, 'required.cjs'), 'Hello CommonJS\n'.repeat(5))
}

async function install(version: string): Promise<string> {
  return path.join(await nodeFolder(version), 'node')
}
