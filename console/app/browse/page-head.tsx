/** The top of the page of a declaration: what it is, its name, where it is declared, and its comment. */
import type { DescEnum, DescMessage, DescService } from '@bufbuild/protobuf'
import { commentOf } from '../api/comments.ts'
import { Badge } from '../parts/badge.tsx'
import { CopyButton } from '../parts/copy-button.tsx'
import { Prose } from '../parts/prose.tsx'

/** Draws it. */
export function PageHead({ declaration }: { declaration: DescService | DescMessage | DescEnum }) {
  const { file, kind, name, typeName, deprecated } = declaration
  const scope = typeName.slice(0, -name.length)
  return (
    <header class="page-head">
      <p class="eyebrow">{kind}</p>
      <div class="row is-tight">
        <h1 class="type-title">
          <bdi>
            {scope !== '' && <span class="type-scope">{scope}</span>}
            {name}
          </bdi>
        </h1>
        <CopyButton text={typeName} label="Copy the full name" />
        {deprecated && <Badge tone="warn">deprecated</Badge>}
      </div>
      <p class="hint mono">
        <bdi>{file.proto.name}</bdi>
      </p>
      <Prose text={commentOf(file, declaration)} class="lead" />
    </header>
  )
}
