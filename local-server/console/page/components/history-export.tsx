import { useState } from 'preact/hooks';
import { countOf } from '../format.ts';
import { curlCommands, EXPORT_PAGE, type ExportFormat, exportReadings } from '../export.ts';
import { useSubmission } from '../hooks.ts';
import type { HistoryPage } from '../wire.ts';
import { Outcome } from './field.tsx';

interface HistoryExportProps {
  /** Where the first page of each sensor is. */
  readonly addresses: readonly string[];
  readonly sensorIds: readonly string[];
  readonly readPage: (sensorId: string, cursor: string | undefined, limit: number) => Promise<HistoryPage>;
}

const files = {
  csv: { name: 'readings.csv', type: 'text/csv' },
  excel: { name: 'readings.csv', type: 'text/csv' },
  ndjson: { name: 'readings.ndjson', type: 'application/x-ndjson' },
} as const;

/** Takes the history along: as a file with every reading of the range, or as a command that asks for it. */
export function HistoryExport({ addresses, sensorIds, readPage }: HistoryExportProps) {
  const submission = useSubmission();
  const [progress, setProgress] = useState(0);
  const command = curlCommands(addresses);
  const copy = () =>
    submission.run(async () => {
      await navigator.clipboard.writeText(command);
      return 'Copied.';
    });
  const save = (format: ExportFormat) => () =>
    submission.run(async () => {
      setProgress(0);
      let count = 0;
      const parts = await exportReadings(
        format,
        sensorIds,
        (sensorId, cursor) => readPage(sensorId, cursor, EXPORT_PAGE),
        (sum) => {
          count = sum;
          setProgress(sum);
        },
      );
      const { name, type } = files[format];
      saveFile(name, new Blob([...parts], { type }));
      return `${countOf(count, 'reading')} saved as ${name}.`;
    });
  return (
    <div class="export">
      <div class="buttons">
        <button type="button" class="small" disabled={submission.busy} onClick={save('csv')}>
          Download CSV
        </button>
        <button type="button" class="small" disabled={submission.busy} onClick={save('excel')}>
          Download CSV for Excel
        </button>
        <button type="button" class="small" disabled={submission.busy} onClick={save('ndjson')}>
          Download NDJSON
        </button>
        <button type="button" class="small" onClick={copy}>
          Copy as curl
        </button>
      </div>
      <Outcome submission={submission} />
      {submission.busy && progress > 0 && <p class="hint">{countOf(progress, 'reading')} so far</p>}
      <details>
        <summary>The command</summary>
        <pre tabIndex={0}>{command}</pre>
      </details>
    </div>
  );
}

function saveFile(name: string, content: Blob): void {
  const address = URL.createObjectURL(content);
  const link = document.createElement('a');
  link.href = address;
  link.download = name;
  link.click();
  // The browser has its own hold on the content once the download has begun.
  setTimeout(() => URL.revokeObjectURL(address), 60_000);
}
