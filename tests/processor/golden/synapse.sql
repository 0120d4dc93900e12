-- in master
IF DB_ID(N'homeshore_test_g1_lake') IS NULL CREATE DATABASE [homeshore_test_g1_lake] COLLATE Latin1_General_100_BIN2_UTF8;
GO
-- in homeshore_test_g1_lake
IF NOT EXISTS (SELECT * FROM sys.database_scoped_credentials WHERE name = N'workspace_identity')
  CREATE DATABASE SCOPED CREDENTIAL [workspace_identity] WITH IDENTITY = 'Managed Identity';
GO
-- in homeshore_test_g1_lake
IF NOT EXISTS (SELECT * FROM sys.external_data_sources WHERE name = N'lake')
  CREATE EXTERNAL DATA SOURCE [lake]
  WITH (LOCATION = 'https://homeshoretest.dfs.core.windows.net/lake', CREDENTIAL = [workspace_identity]);
GO
-- in homeshore_test_g1_lake
CREATE OR ALTER VIEW [dbo].[silver] AS
SELECT * FROM OPENROWSET(BULK 'silver/', DATA_SOURCE = 'lake', FORMAT = 'DELTA')
WITH (
  [event_id] VARCHAR(8000) COLLATE Latin1_General_100_BIN2_UTF8,
  [event_time] DATETIME2(6),
  [event_type] VARCHAR(11) COLLATE Latin1_General_100_BIN2_UTF8,
  [tenant_id] VARCHAR(8000) COLLATE Latin1_General_100_BIN2_UTF8,
  [home] VARCHAR(8000) COLLATE Latin1_General_100_BIN2_UTF8,
  [user_id] VARCHAR(8000) COLLATE Latin1_General_100_BIN2_UTF8,
  [ip] VARCHAR(8000) COLLATE Latin1_General_100_BIN2_UTF8,
  [page] VARCHAR(MAX) COLLATE Latin1_General_100_BIN2_UTF8,
  [referrer] VARCHAR(MAX) COLLATE Latin1_General_100_BIN2_UTF8,
  [attributes] VARCHAR(MAX) COLLATE Latin1_General_100_BIN2_UTF8,
  [arrived_at] DATETIME2(6),
  [contract_version] VARCHAR(64) COLLATE Latin1_General_100_BIN2_UTF8,
  [key_version] VARCHAR(64) COLLATE Latin1_General_100_BIN2_UTF8,
  [arrived_day] DATE
) AS [rows];
GO
-- in homeshore_test_g1_lake
CREATE OR ALTER VIEW [dbo].[gold] AS
SELECT * FROM OPENROWSET(BULK 'gold/', DATA_SOURCE = 'lake', FORMAT = 'DELTA')
WITH (
  [hour_start] DATETIME2(6),
  [event_type] VARCHAR(11) COLLATE Latin1_General_100_BIN2_UTF8,
  [events] BIGINT,
  [users] BIGINT
) AS [rows];
GO
-- in homeshore_test_g1_lake
CREATE OR ALTER VIEW [dbo].[bronze] AS
SELECT [event].*, [lines].filepath(1) AS [day], [lines].filepath(2) AS [hour]
FROM OPENROWSET(BULK 'bronze/day=*/hour=*/*.jsonl.gz', DATA_SOURCE = 'lake', FORMAT = 'CSV',
  PARSER_VERSION = '1.0', DATA_COMPRESSION = 'GZIP',
  FIELDTERMINATOR = '0x0b', FIELDQUOTE = '0x0b', ROWTERMINATOR = '0x0a')
WITH ([line] VARCHAR(MAX) COLLATE Latin1_General_100_BIN2_UTF8) AS [lines]
CROSS APPLY OPENJSON([line]) WITH (
  [event_id] VARCHAR(8000) '$.event_id',
  [event_time] VARCHAR(8000) '$.event_time',
  [event_type] VARCHAR(11) '$.event_type',
  [tenant_id] VARCHAR(8000) '$.tenant_id',
  [home] VARCHAR(8000) '$.home',
  [user_id] VARCHAR(8000) '$.user_id',
  [ip] VARCHAR(8000) '$.ip',
  [page] VARCHAR(MAX) '$.page',
  [referrer] VARCHAR(MAX) '$.referrer',
  [attributes] VARCHAR(MAX) '$.attributes',
  [_arrived_at] VARCHAR(8000) '$._arrived_at',
  [_shard] VARCHAR(8000) '$._shard',
  [_sequence] VARCHAR(8000) '$._sequence',
  [_index] BIGINT '$._index',
  [_contract_version] VARCHAR(8000) '$._contract_version',
  [_key_version] VARCHAR(8000) '$._key_version'
) AS [event];
