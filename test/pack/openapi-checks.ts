/** The OpenAPI document, and the page of `portico-console`, as users install them. */
import path from 'node:path'
import { runCommand, startProgram } from '../support/command.ts'
import type { Check } from '../support/run-checks.ts'
import { check, expect, expectFailure } from './checks.ts'
import type { Project } from './project.ts'

const IMAGE = path.resolve(import.meta.dirname, '../../gen/descriptors.binpb')

/** The projects of the checks. */
export interface OpenApiProjects {
  /** Has neither Fastify nor YAML. */
  readonly client: Project
  /** Has Fastify. */
  readonly server: Project
  /** Has Fastify, YAML and the page. */
  readonly documented: Project
}

export function openApiChecks({ client, server, documented }: OpenApiProjects): readonly Check[] {
  return [
    check('a server shows its document, and the page of portico-console', async () => {
      await using running = await startProgram(documented.command('node', 'documented.mts'), /^port (\d+), [1-9]/)
      for (const [file, start] of Object.entries(SERVED)) {
        const response = await fetch(`http://127.0.0.1:${running.found}${file}`)
        const text = await response.text()
        expect(response.ok && text.startsWith(start), `${file}: ${response.status} ${text.slice(0, 100)}`)
      }
    }),
    check('the page says which package it needs', () =>
      expectFailure(server.command('node', 'documented.mts'), 'npm install portico-console'),
    ),
    check('the command writes the document without Fastify, and says what YAML needs', async () => {
      const openapi = ['--no', 'portico', 'openapi', '--descriptors', IMAGE]
      const { paths } = JSON.parse(await runCommand(client.command('npx', ...openapi)))
      expect('/v1/hello/{name}' in paths, JSON.stringify(paths))
      await expectFailure(client.command('npx', ...openapi, '--format', 'yaml'), 'npm install yaml')
    }),
  ]
}

/** What the served files begin with. */
const SERVED = {
  '/openapi.json': '{"openapi":"3.1.0"',
  '/openapi.yaml': 'openapi: 3.1.0',
  '/docs': '<!doctype html>',
  '/docs/scalar.js': '(function()',
}
