import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { generatedFiles } from './generated.ts'

const root = process.cwd()
for (const { path, text } of generatedFiles(root)) writeFileSync(join(root, 'deploy', path), text)
