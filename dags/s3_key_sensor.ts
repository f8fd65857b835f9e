/**
 * @module Event-based trigger: waits for objects in S3, or any store that speaks its API. It needs a connection `aws_default`:
 * `airflare connections add aws_default --conn-type aws`, login and password being the keys, `endpoint_url` in extra for other stores than Amazon's.
 */
import { dag, p, s3Key, task } from "airflare";

const extract = task("extract", async (_: object, { log }) => {
  log.info("the customers have come");
});

export const s3KeySensorExample = dag(
  "s3_key_sensor",
  {
    schedule: null,
    isPausedUponCreation: true,
    tags: ["example", "sensor"],
    params: { bucket: p.string({ default: "my-bucket" }) },
  },
  ({ params }) => {
    const waitForS3 = s3Key("wait_for_s3", {
      bucketName: params.bucket,
      bucketKey: "data/customers/*.csv",
      wildcardMatch: true,
      awsConnId: "aws_default",
      timeout: "1h",
    });
    waitForS3.before(extract());
  },
);
