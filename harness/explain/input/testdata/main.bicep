// Deploys the identity of the web application.
targetScope = 'resourceGroup'

@description('Where: it\'s only a name')
param location string = resourceGroup().location
param organization string = 'contoso'
@allowed(['a', 'b'])
param issuer string

var repository = '${organization}/web'
var environments = [
  'dev'
  'prod'
]
var options = {
  audience: 'api://AzureADTokenExchange' // the usual one
}

resource identity 'Microsoft.ManagedIdentity/userAssignedIdentities@2023-01-31' = {
  name: 'deployer'
  location: location

  resource nested 'federatedIdentityCredentials' = {
    name: 'nested'
    properties: {
      issuer: 'https://token.actions.githubusercontent.com'
      subject: 'repo:contoso/web:pull_request'
      audiences: ['api://AzureADTokenExchange']
    }
  }
}

resource other 'Microsoft.ManagedIdentity/userAssignedIdentities@2023-01-31' existing = {
  name: 'other'
}

/* A loop. */
@batchSize(1)
resource fics 'Microsoft.ManagedIdentity/userAssignedIdentities/federatedIdentityCredentials@2023-01-31' = [for (env, i) in environments: {
  parent: identity
  name: '${env}-${i}'
  properties: {
    issuer: 'https://token.actions.githubusercontent.com'
    subject: 'repo:${repository}:environment:${env}'
    audiences: [
      options.audience
    ]
  }
}]

resource pod 'Microsoft.ManagedIdentity/userAssignedIdentities/federatedIdentityCredentials@2023-01-31' = if (!empty(issuer)) {
  name: '${other.name}/pod'
  properties: {
    issuer: issuer
    subject: 'system:serviceaccount:default:${toLower('Workload')}'
    audiences: [ 'api://AzureADTokenExchange' ]
  }
  dependsOn: [fics]
}

extension microsoftGraphV1

resource app 'Microsoft.Graph/applications@v1.0' = {
  uniqueName: 'deployer'
  displayName: 'Deployer'

  resource fic 'federatedIdentityCredentials@v1.0' = {
    name: '${app.uniqueName}/main'
    audiences: ['api://AzureADTokenExchange']
    issuer: 'https://gitlab.com'
    subject: 'project_path:contoso/web:ref_type:branch:ref:main'
  }
}
