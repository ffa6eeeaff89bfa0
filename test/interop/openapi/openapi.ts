/** Programs that know an API by its OpenAPI document only find nothing wrong with the document, nor with the server. */
import { writeFile } from 'node:fs/promises'
import path from 'node:path'
import type { Check } from '../../support/run-checks.ts'
import { startDemo, startTestedApi, type TestedApi } from '../../support/tested-api.ts'
import { installLinter, lintDocument } from './lint-document.ts'
import { installSchemathesis, type Requests, sendRequests } from './schemathesis.ts'

/** Streams both ways need HTTP/2, which schemathesis does not speak; and the demo's topics have no end. */
const WITHOUT = [
  'greeter.v1.GreeterService.AllStream',
  'greeter.v1.GreeterService.GetStream',
  'library.v1.LibraryService.Discuss',
]

/** The test services have no comments, and fields whose names are those of properties that every object of JavaScript inherits. */
const WITHOUT_RULES = ['tag-description', 'no-invalid-media-type-examples']

/** How many requests are made. */
const SIZES = {
  short: { demo: 5, test: 1, phases: ['examples', 'fuzzing'], timeoutMs: 110_000 },
  deep: { demo: 100, test: 30, phases: ['examples', 'coverage', 'fuzzing'], timeoutMs: 1_700_000 },
} as const

/** The checks, and the servers that they need. */
export interface OpenApiChecks extends AsyncDisposable {
  readonly checks: readonly Check[]
}

/**
 * Installs the programs, and starts the servers.
 *
 * @param folder where files may be written
 */
export async function openApiChecks(folder: string, size: keyof typeof SIZES): Promise<OpenApiChecks> {
  await using started = new AsyncDisposableStack()
  const linter = await installLinter()
  await installSchemathesis()
  const demo = started.use(await startDemo())
  const test = started.use(await startTestedApi())
  const newer = started.use(await startTestedApi({ version: '3.2' }))
  const { phases, timeoutMs, ...counts } = SIZES[size]
  const requests = (api: TestedApi, more: Pick<Requests, 'count' | 'phases'>) =>
    sendRequests({ ...more, document: `${api.origin}/openapi.json`, without: WITHOUT, timeoutMs }, folder)
  const cleanup = started.move()
  return {
    checks: [
      lintCheck('the demo', demo),
      lintCheck('the test services', test, WITHOUT_RULES),
      lintCheck('the test services in OpenAPI 3.2', newer, WITHOUT_RULES),
      {
        name: 'schemathesis: every response of the demo is as documented',
        run: async () => print(await requests(demo, { count: counts.demo, phases: SIZES.deep.phases })),
      },
      {
        name: 'schemathesis: every response of the test services is as documented',
        run: async () => print(await requests(test, { count: counts.test, phases })),
      },
    ],
    [Symbol.asyncDispose]: () => cleanup.disposeAsync(),
  }

  function lintCheck(what: string, { origin }: TestedApi, without: readonly string[] = []): Check {
    return {
      name: `redocly: the document of ${what} has no errors and no warnings`,
      async run() {
        const file = path.join(folder, `${what.replaceAll(' ', '-')}.json`)
        await writeFile(file, await (await fetch(`${origin}/openapi.json`)).text())
        await lintDocument(linter, file, without)
      },
    }
  }
}

function print(text: string): void {
  process.stdout.write(`        ${text}\n`)
}
