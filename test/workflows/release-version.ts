/** Checks before a release that the tag, the packages and the changelog name the same version: `node test/workflows/release-version.ts v0.2.0`. */
import { readFileSync } from 'node:fs'
import path from 'node:path'

const ROOT = path.resolve(import.meta.dirname, '../..')

const [tag = ''] = process.argv.slice(2)
const version = tag.replace(/^v/, '')
const manifests = ['package.json', 'create/package.json', 'console/package.json']
const faults = [...manifests.flatMap(packageFaults), ...changelogFaults()]
if (faults.length > 0) {
  process.stderr.write(`${faults.join('\n')}\n`)
  process.exitCode = 1
}

function packageFaults(file: string): readonly string[] {
  const found: unknown = JSON.parse(read(file)).version
  return found === version ? [] : [`${file} has version ${found}, but the tag is ${tag}`]
}

function changelogFaults(): readonly string[] {
  const headings = read('CHANGELOG.md').match(/^## .*$/gm) ?? []
  if (headings.some((it) => it === `## ${version}` || it.startsWith(`## ${version} (2`))) return []
  return [`CHANGELOG.md has no heading "## ${version}", alone or with the date of the release`]
}

function read(file: string): string {
  return readFileSync(path.join(ROOT, file), 'utf8')
}
