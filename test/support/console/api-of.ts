/** APIs as the console reads them, from protos of tests. */
import { readFileSync } from 'node:fs'
import { type Api, loadApi } from '../../../console/app/api/api.ts'
import { buildImage } from '../proto-schema.ts'

/** The protos of this repository that those of tests can import, by where they are. */
const SHARED: Readonly<Record<string, string>> = {
  'google/api/annotations.proto': 'proto',
  'google/api/http.proto': 'proto',
  'portico/options/v1/options.proto': 'proto',
  'buf/validate/validate.proto': 'test/protos',
}

/** Compiles .proto files by name, with comments. */
export function apiOf(texts: Readonly<Record<string, string>>): Api {
  const all = Object.values(texts).join('\n')
  const imported = Object.entries(SHARED).filter(([name]) => all.includes(`"${name}"`))
  // Annotations import the rules of HTTP.
  if (imported.some(([name]) => name === 'google/api/annotations.proto')) {
    imported.push(['google/api/http.proto', SHARED['google/api/http.proto'] ?? ''])
  }
  const files = imported.map(([name, folder]) => [name, readFileSync(`${folder}/${name}`, 'utf8')] as const)
  return loadApi(buildImage({ ...Object.fromEntries(files), ...texts }))
}
