/** The console, as users install it. */
import { readFile } from 'node:fs/promises'
import { startProgram } from '../support/command.ts'
import type { Check } from '../support/run-checks.ts'
import { check, expect, expectFailure } from './checks.ts'
import type { Project } from './project.ts'

/** Of `portico-console`, whose script of Scalar is 5 MB. */
const MAX_PAGE_BYTES = 1_500_000

/** The projects of the checks. */
export interface ConsoleProjects {
  /** Has Fastify. */
  readonly server: Project
  /** Has Fastify and the page. */
  readonly documented: Project
}

export function consoleChecks({ server, documented }: ConsoleProjects): readonly Check[] {
  return [
    check('a server shows the page of portico-console, and the descriptors of its API', async () => {
      await using running = await startProgram(documented.command('node', 'console.mts'), /^port (\d+)$/)
      const read = async (file: string) => {
        const response = await fetch(`http://127.0.0.1:${running.found}/console/${file}`)
        expect(response.ok, `${file}: status ${response.status}`)
        return response.text()
      }
      const [script] = /assets\/[^"]+\.js/.exec(await read('')) ?? []
      expect(script !== undefined, 'the page has no script')
      await read(script ?? '')
      expect((await read('facts.json')).includes('"title":"Packed"'), 'the facts have no title')
      expect((await read('descriptors.binpb')).includes('GreeterService'), 'the descriptors have no service')
    }),
    check('a server says which package the console needs', () =>
      expectFailure(server.command('node', 'console.mts'), 'npm install portico-console'),
    ),
    check('the page is small, and names the licences of its parts', async () => {
      const bytes = await documented.diskBytes('node_modules/portico-console/dist/app')
      expect(bytes <= MAX_PAGE_BYTES, `${bytes} bytes`)
      const licences = await readFile(documented.path('node_modules/portico-console/dist/app/licenses.txt'), 'utf8')
      for (const name of ['preact', '@codemirror/view', 'uplot', 'idb-keyval', '@bufbuild/protobuf'])
        expect(licences.includes(`\n${name} `), `${name} is missing in licenses.txt`)
    }),
  ]
}
