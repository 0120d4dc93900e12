MERGE INTO `homeshore-test-1`.`homeshore_test_g1_lake`.`silver` AS target
USING (
SELECT
  `event_id` AS `event_id`,
  CAST(`event_time` AS TIMESTAMP) AS `event_time`,
  `event_type` AS `event_type`,
  `tenant_id` AS `tenant_id`,
  `home` AS `home`,
  `user_id` AS `user_id`,
  `ip` AS `ip`,
  `page` AS `page`,
  `referrer` AS `referrer`,
  `attributes` AS `attributes`,
  CAST(`_arrived_at` AS TIMESTAMP) AS `arrived_at`,
  `_contract_version` AS `contract_version`,
  `_key_version` AS `key_version`
FROM (
  SELECT *, ROW_NUMBER() OVER (
    PARTITION BY `event_id` ORDER BY `_arrived_at`, `_shard`, `_sequence`, `_index`
  ) AS arrival
  FROM `homeshore-test-1`.`homeshore_test_g1_lake`.`bronze`
  WHERE day >= DATE_SUB(CURRENT_DATE('UTC'), INTERVAL 3 DAY)
) AS arrivals
WHERE arrival = 1
) AS source
ON target.`event_id` = source.`event_id` AND target.arrived_at >= TIMESTAMP(DATE_SUB(CURRENT_DATE('UTC'), INTERVAL 10 DAY), 'UTC')
WHEN MATCHED AND (source.arrived_at < target.arrived_at) THEN UPDATE SET `event_time` = source.`event_time`, `event_type` = source.`event_type`, `tenant_id` = source.`tenant_id`, `home` = source.`home`, `user_id` = source.`user_id`, `ip` = source.`ip`, `page` = source.`page`, `referrer` = source.`referrer`, `attributes` = source.`attributes`, `arrived_at` = source.`arrived_at`, `contract_version` = source.`contract_version`, `key_version` = source.`key_version`
WHEN NOT MATCHED THEN INSERT (`event_id`, `event_time`, `event_type`, `tenant_id`, `home`, `user_id`, `ip`, `page`, `referrer`, `attributes`, `arrived_at`, `contract_version`, `key_version`) VALUES (source.`event_id`, source.`event_time`, source.`event_type`, source.`tenant_id`, source.`home`, source.`user_id`, source.`ip`, source.`page`, source.`referrer`, source.`attributes`, source.`arrived_at`, source.`contract_version`, source.`key_version`);

MERGE INTO `homeshore-test-1`.`homeshore_test_g1_lake`.`gold` AS target
USING (
SELECT
  TIMESTAMP_TRUNC(`event_time`, HOUR) AS hour_start,
  `event_type` AS event_type,
  COUNT(*) AS events,
  COUNT(DISTINCT `user_id`) AS users
FROM `homeshore-test-1`.`homeshore_test_g1_lake`.`silver`
WHERE `event_time` >= TIMESTAMP(DATE_SUB(CURRENT_DATE('UTC'), INTERVAL 3 DAY), 'UTC') AND arrived_at >= TIMESTAMP(DATE_SUB(CURRENT_DATE('UTC'), INTERVAL 4 DAY), 'UTC')
GROUP BY 1, 2
) AS source
ON target.`hour_start` = source.`hour_start` AND target.`event_type` = source.`event_type`
WHEN MATCHED AND (source.events <> target.events OR source.users <> target.users) THEN UPDATE SET `events` = source.`events`, `users` = source.`users`
WHEN NOT MATCHED THEN INSERT (`hour_start`, `event_type`, `events`, `users`) VALUES (source.`hour_start`, source.`event_type`, source.`events`, source.`users`);


-- next

MERGE INTO `homeshore-test-1`.`homeshore_test_g1_lake`.`silver` AS target
USING (
SELECT
  `event_id` AS `event_id`,
  CAST(`event_time` AS TIMESTAMP) AS `event_time`,
  `event_type` AS `event_type`,
  `tenant_id` AS `tenant_id`,
  `home` AS `home`,
  `user_id` AS `user_id`,
  `ip` AS `ip`,
  `page` AS `page`,
  `referrer` AS `referrer`,
  `attributes` AS `attributes`,
  CAST(`_arrived_at` AS TIMESTAMP) AS `arrived_at`,
  `_contract_version` AS `contract_version`,
  `_key_version` AS `key_version`
FROM (
  SELECT *, ROW_NUMBER() OVER (
    PARTITION BY `event_id` ORDER BY `_arrived_at`, `_shard`, `_sequence`, `_index`
  ) AS arrival
  FROM `homeshore-test-1`.`homeshore_test_g1_lake`.`bronze`
  WHERE day >= DATE '2026-03-02'
) AS arrivals
WHERE arrival = 1
) AS source
ON target.`event_id` = source.`event_id` AND target.arrived_at >= TIMESTAMP '2026-02-23 00:00:00+00'
WHEN MATCHED AND (source.arrived_at < target.arrived_at) THEN UPDATE SET `event_time` = source.`event_time`, `event_type` = source.`event_type`, `tenant_id` = source.`tenant_id`, `home` = source.`home`, `user_id` = source.`user_id`, `ip` = source.`ip`, `page` = source.`page`, `referrer` = source.`referrer`, `attributes` = source.`attributes`, `arrived_at` = source.`arrived_at`, `contract_version` = source.`contract_version`, `key_version` = source.`key_version`
WHEN NOT MATCHED THEN INSERT (`event_id`, `event_time`, `event_type`, `tenant_id`, `home`, `user_id`, `ip`, `page`, `referrer`, `attributes`, `arrived_at`, `contract_version`, `key_version`) VALUES (source.`event_id`, source.`event_time`, source.`event_type`, source.`tenant_id`, source.`home`, source.`user_id`, source.`ip`, source.`page`, source.`referrer`, source.`attributes`, source.`arrived_at`, source.`contract_version`, source.`key_version`)

-- next

MERGE INTO `homeshore-test-1`.`homeshore_test_g1_lake`.`gold` AS target
USING (
SELECT
  TIMESTAMP_TRUNC(`event_time`, HOUR) AS hour_start,
  `event_type` AS event_type,
  COUNT(*) AS events,
  COUNT(DISTINCT `user_id`) AS users
FROM `homeshore-test-1`.`homeshore_test_g1_lake`.`silver`
WHERE `event_time` >= TIMESTAMP '2026-03-02 00:00:00+00' AND arrived_at >= TIMESTAMP '2026-03-01 00:00:00+00'
GROUP BY 1, 2
) AS source
ON target.`hour_start` = source.`hour_start` AND target.`event_type` = source.`event_type`
WHEN MATCHED AND (source.events <> target.events OR source.users <> target.users) THEN UPDATE SET `events` = source.`events`, `users` = source.`users`
WHEN NOT MATCHED THEN INSERT (`hour_start`, `event_type`, `events`, `users`) VALUES (source.`hour_start`, source.`event_type`, source.`events`, source.`users`)

-- next

SELECT
  TIMESTAMP_TRUNC(`event_time`, HOUR) AS hour_start,
  `event_type` AS event_type,
  COUNT(*) AS events,
  COUNT(DISTINCT `user_id`) AS users
FROM `homeshore-test-1`.`homeshore_test_g1_lake`.`silver`
WHERE arrived_at >= TIMESTAMP '0001-01-01 00:00:00+00'
GROUP BY 1, 2
ORDER BY 1, 2

-- next

WITH silver AS (
SELECT
  `event_id` AS `event_id`,
  CAST(`event_time` AS TIMESTAMP) AS `event_time`,
  `event_type` AS `event_type`,
  `tenant_id` AS `tenant_id`,
  `home` AS `home`,
  `user_id` AS `user_id`,
  `ip` AS `ip`,
  `page` AS `page`,
  `referrer` AS `referrer`,
  `attributes` AS `attributes`,
  CAST(`_arrived_at` AS TIMESTAMP) AS `arrived_at`,
  `_contract_version` AS `contract_version`,
  `_key_version` AS `key_version`
FROM (
  SELECT *, ROW_NUMBER() OVER (
    PARTITION BY `event_id` ORDER BY `_arrived_at`, `_shard`, `_sequence`, `_index`
  ) AS arrival
  FROM `homeshore-test-1`.`homeshore_test_g1_lake`.`bronze`
  WHERE day >= DATE '0001-01-01'
) AS arrivals
WHERE arrival = 1
)
SELECT
  TIMESTAMP_TRUNC(`event_time`, HOUR) AS hour_start,
  `event_type` AS event_type,
  COUNT(*) AS events,
  COUNT(DISTINCT `user_id`) AS users
FROM silver
GROUP BY 1, 2
ORDER BY 1, 2

-- next

DELETE FROM `homeshore-test-1`.`homeshore_test_g1_lake`.`silver` WHERE arrived_at < TIMESTAMP(DATE_SUB(CURRENT_DATE('UTC'), INTERVAL 30 DAY), 'UTC')
